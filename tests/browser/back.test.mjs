// The back button after a sign-out.
import assert from "node:assert/strict";
import { test } from "node:test";
import { API, inBrowser, load, logIn, open, signOut } from "./drive.mjs";

// A page that comes out of the browser's memory is not loaded.
const goBack = async (page) => {
    await page.goBack({ waitUntil: "commit" });
    return page.textContent("body");
};

test("the back button shows no page for members after a sign-out", { timeout: 30_000 }, () =>
    inBrowser(async (context) => {
        const page = await open(context, "cookie", { from: API });
        await logIn(page, "ada");
        await page.goto(`${API}/member`);
        assert.match(await page.textContent("body"), /hello Ada/);

        await load(page, "cookie", { from: API });
        await signOut(page);
        const shown = await goBack(page);
        assert.equal(page.url(), `${API}/member`);
        assert.doesNotMatch(shown, /hello Ada/);
    }));
