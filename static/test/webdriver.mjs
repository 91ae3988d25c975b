// A W3C WebDriver session over plain HTTP, as much of it as the tests need.
// https://www.w3.org/TR/webdriver2/

/** Opens a session on the driver at base and returns its commands. */
export async function openSession(base, capabilities) {
  const { sessionId } = await command(base, "POST", "/session", { capabilities: { alwaysMatch: capabilities } });
  const at = `/session/${sessionId}`;
  const post = (path, body) => command(base, "POST", at + path, body ?? {});
  const get = (path) => command(base, "GET", at + path);
  return {
    open: (url) => post("/url", { url }),
    reload: () => post("/refresh"),
    back: () => post("/back"),
    window: () => get("/window"),
    newTab: async () => (await post("/window/new", { type: "tab" })).handle,
    switchTo: (handle) => post("/window", { handle }),
    url: () => get("/url"),
    cookies: () => get("/cookie"),
    resize: (width, height) => post("/window/rect", { width, height }),
    screenshot: async () => Buffer.from(await get("/screenshot"), "base64"),
    /** Runs the function's source in the page, also when the page's own scripts are off. */
    execute: (fn, args) => post("/execute/sync", { script: `return (${fn}).apply(null, arguments)`, args }),
    /** Moves a mouse to the point, in CSS pixels of the viewport, and clicks. */
    clickAt: async (x, y) => {
      await post("/actions", {
        actions: [{
          type: "pointer", id: "mouse", parameters: { pointerType: "mouse" },
          actions: [{ type: "pointerMove", x, y, duration: 0 }, { type: "pointerDown", button: 0 }, { type: "pointerUp", button: 0 }],
        }],
      });
    },
    /** Presses these keys one after the other. */
    press: (keys) => post("/actions", { actions: [{ type: "key", id: "keys", actions: keys.flatMap((value) => [{ type: "keyDown", value }, { type: "keyUp", value }]) }] }),
    closeTab: () => command(base, "DELETE", `${at}/window`),
    close: () => command(base, "DELETE", at),
  };
}

async function command(base, method, path, body) {
  const name = `WebDriver ${method} ${path.replace(/^\/session\/[^/]+/, "")}`;
  const answer = await fetch(base + path, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  }).catch((error) => { throw new Error(`${name}: ${error.message}`); });
  const { value } = await answer.json();
  if (!answer.ok) throw new Error(`${name}: ${value.error}: ${value.message}`);
  return value;
}
