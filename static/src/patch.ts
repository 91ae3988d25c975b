// How the guard stands before the page's own functions: a proxy keeps their
// name, length, native look and errors, and a call that is not concerned
// reaches the native one as it came.

/** Changes the arguments in place, or answers in the function's stead by returning [answer]. name is the member's. */
export type Hook<T> = (args: unknown[], self: T, native: (...args: unknown[]) => unknown, name: string) => unknown[] | false | void

export type Before = typeof before

/**
 * Stands before methods, constructors and setters of target or of what it
 * inherits from; before getters, too, where read has an answer. What a browser
 * does not have is left out. Workers run this as text, so it stands alone.
 */
export const before = <T>(target: object | undefined, names: string, hook: Hook<T>, read?: Hook<T>): void => {
  for (const name of names.split(' ')) {
    const proxy = (native: unknown, hook: Hook<T>) =>
      new Proxy(native as (...args: unknown[]) => unknown, {
        apply(f, self, args) {
          const answer = hook(args, self as T, f, name)
          return answer ? answer[0] : Reflect.apply(f, self, args)
        },
        construct(f, args, made) {
          hook(args, made as T, f, name)
          return Reflect.construct(f, args, made) as object
        },
      })
    for (let owner = target; owner; owner = Object.getPrototypeOf(owner) as object | undefined) {
      const own = Object.getOwnPropertyDescriptor(owner, name)
      if (!own) continue
      own.value &&= proxy(own.value, hook)
      own.set &&= proxy(own.set, hook) as () => void
      if (read) own.get &&= proxy(own.get, read) as () => unknown
      Object.defineProperty(owner, name, own)
      break
    }
  }
}
