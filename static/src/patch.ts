// How the guard stands before the page's own functions: a proxy keeps their
// name, length, source text and errors, and a call that is not concerned
// reaches the native one as it came.

/** Changes the arguments in place, or answers in the function's stead by returning [answer]. */
export type Hook<T> = (args: unknown[], self: T, native: (...args: unknown[]) => unknown) => [unknown] | undefined | void

function proxy<T>(native: unknown, hook: Hook<T>): unknown {
  const call = native as (...args: unknown[]) => unknown
  return new Proxy(call, {
    apply(target, self, args) {
      const answer = hook(args, self as T, target)
      return answer ? answer[0] : Reflect.apply(target, self, args)
    },
    construct(target, args, made) {
      hook(args, undefined as T, target)
      return Reflect.construct(target, args, made) as object
    },
  })
}

/** Stands before methods or constructors of target; what a browser does not have is left out. */
export function before<T>(target: object | undefined, names: string, hook: Hook<T>): void {
  const own = target as Record<string, unknown> | undefined
  for (const name of names.split(' ')) if (own?.[name]) own[name] = proxy(own[name], hook)
}

/** Stands before a property's setter, and its getter where read is given. */
export function property<T>(owner: object, name: string, hook: Hook<T>, read?: (self: T) => string | undefined): void {
  for (let proto = owner; proto; proto = Object.getPrototypeOf(proto) as object) {
    const own = Object.getOwnPropertyDescriptor(proto, name)
    if (!own?.set) continue
    const get = proxy<T>(own.get, (_, self) => {
      const value = read?.(self)
      return value == null ? undefined : [value]
    })
    Object.defineProperty(proto, name, { ...own, set: proxy(own.set, hook) as () => void, get: (read ? get : own.get) as () => unknown })
    return
  }
}
