// `csrf = "via-token"`, in a browser that has dropped what scripts wrote (some do after seven days) and still has the
// session's own cookies: no request goes in circles, and after the sign-out the session is over.
import assert from "node:assert/strict";
import { test } from "node:test";
import { API, browserWith, call, inBrowser, logIn, named, open, signOut, state } from "./drive.mjs";

// Whether the session goes on, for somebody who has a copy of all cookies.
const goesOn = (kept) =>
    browserWith({ storageState: kept }, async (context) => {
        const page = await context.newPage();
        await page.goto(`${API}/open`);
        const status = await page.evaluate(async () => (await fetch("/live")).status);
        assert.ok([200, 401].includes(status), `${status}`);
        return status === 200;
    });

const lost = {
    "the anti-CSRF token": /^sAntiCsrf$/,
    "all that scripts wrote": /^(sAntiCsrf|sFrontToken|st-last-access-token-update)$/,
};
const doing = {
    "signs out": async () => {},
    "reads, writes and signs out": async (page, isPartial) => {
        // Reading needs no token; without its own cookies the SDK asks for new ones first, and has lost the session then.
        assert.equal((await call(page, "/me")).status, isPartial ? 200 : 401);
        assert.equal((await call(page, "/name/Eve", "PUT")).status, 401);
        assert.equal(await state(page), "no session");
    },
};

for (const [what, names] of Object.entries(lost)) {
    for (const [does, first] of Object.entries(doing)) {
        test(`a page that lost ${what} ${does}`, { timeout: 60_000 }, () =>
            inBrowser(async (context) => {
                const page = await open(context, "cookie");
                await logIn(page, "ada");
                assert.equal((await call(page, "/name/Ada", "PUT")).status, 200);
                const kept = await context.storageState();
                assert.ok(await goesOn(kept));
                await context.clearCookies({ name: names });
                const left = await context.cookies([API, `${API}/auth/session/refresh`]);
                assert.equal(left.filter(({ httpOnly }) => httpOnly).length, 3);

                await named(page);
                let requests = 0;
                context.on("request", () => (requests += 1));
                await first(page, what === "the anti-CSRF token");
                await signOut(page);
                assert.ok(requests < 12, `${requests} requests`);
                assert.ok((await named(page)).includes("SIGN_OUT"));
                assert.equal(await state(page), "no session");
                assert.equal((await call(page, "/me")).status, 401);
                const own = (await context.cookies()).filter(({ httpOnly }) => httpOnly);
                assert.deepEqual(own, []);
                assert.ok(!(await goesOn(kept)), "the session goes on");

                await logIn(page, "ada");
                assert.equal((await call(page, "/name/Eve", "PUT")).status, 200, "a login starts anew");
            }));
    }
}
