// The guard inside of a worker that was made from a blob: the same patterns,
// before its own code.

/** What runs in the worker; it stands alone, as text. */
function guard(refused: string[]): void {
  const patterns = refused.map(source => new RegExp(source))
  const check = (url: unknown) => {
    const { host, pathname } = new URL(url + '', 'http://-')
    if (patterns.some(pattern => pattern.test(host + pathname))) throw new DOMException('Not permitted', 'NetworkError')
  }
  const scope = self as unknown as Record<string, (...args: unknown[]) => unknown>
  for (const name of ['importScripts', 'fetch', 'WebSocket', 'EventSource']) {
    const native = scope[name]!
    scope[name] = new Proxy(native, {
      apply: (f, self, args) => (args.forEach(url => check(name == 'fetch' ? ((url as Request)?.url ?? url) : url)), Reflect.apply(f, self, args)),
      construct: (f, args) => (check(args[0]), Reflect.construct(f, args) as object),
    })
  }
  const { open } = XMLHttpRequest.prototype
  XMLHttpRequest.prototype.open = function (...args: unknown[]) {
    check(args[1])
    return Reflect.apply(open, this, args) as void
  }
}

/** The address of a worker that guards itself and goes on as the given one. */
export const guarded = (url: string, refused: string[]): string =>
  URL.createObjectURL(new Blob([`(${guard})(${JSON.stringify(refused)});importScripts(${JSON.stringify(url)})`], { type: 'text/javascript' }))
