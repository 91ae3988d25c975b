// The owner of an installation, as a program: sets the first password, makes a
// token, and reads figures by it.
import assert from "node:assert/strict";

export const password = "a teapot and four cups";

/** Uses the set-up link up. api(path) reads what the dashboard's JSON API says. */
export async function becomeOwner(link) {
  const { origin } = new URL(link);
  let cookie = "";
  const post = async (address, form) => {
    const headers = { origin, cookie, "content-type": "application/x-www-form-urlencoded" };
    const answer = await fetch(address, { method: "POST", redirect: "manual", headers, body: new URLSearchParams(form) });
    assert.ok(answer.status < 400, `${address}: ${answer.status}`);
    cookie = answer.headers.getSetCookie().map((set) => set.split(";")[0]).join("; ") || cookie;
    return answer.text();
  };
  await post(link, { password, again: password });
  const [token] = (await post(`${origin}/admin/access/tokens`, { name: "reader", role: "auditor", scope: "all", days: "1" })).match(/consentry_[\w-]{43}/);
  return {
    origin, post,
    api: async (path) => {
      const answer = await fetch(`${origin}/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } });
      assert.equal(answer.status, 200, path);
      return answer.json();
    },
  };
}
