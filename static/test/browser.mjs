// One topic's tests: a product of their own, every engine, a fresh page each.
import { after, afterEach, before, beforeEach, describe } from "node:test";
import { inEveryEngine } from "./engines.mjs";
import { startProduct } from "./product.mjs";

/**
 * Declares the tests of a topic. use is { product, page, open }: product and page
 * are set when a test runs; options go to every page.
 */
export function topic(title, options, tests) {
  describe(title, () => {
    const use = {};
    before(async () => { use.product = await startProduct(); });
    after(async () => { await use.product?.stop(); });
    inEveryEngine((newPage) => {
      beforeEach(async () => {
        await use.product.forget();
        use.page = await newPage(options);
      });
      afterEach(async () => {
        await use.page?.close();
        await quiet(use.product);
      });
      tests(use);
    });
  });
}

/** Waits for requests of a closed page that are still on their way, lest the next test counts them. */
async function quiet(product) {
  for (let before = -1, now = 0; before !== now; ) {
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 200));
    now = (await product.requests()).length;
  }
}
