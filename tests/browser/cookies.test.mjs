// The cookies as the browser reports them, for the case that main.rs names.
import assert from "node:assert/strict";
import { test } from "node:test";
import { API, call, inBrowser, logIn, open, refresh, signOut, state } from "./drive.mjs";

const DAY = 24 * 60 * 60;
const REFRESH = "/auth/session/refresh";

// A leading dot stands for a Domain attribute: sub-domains get the cookie too.
const cases = {
    localhost: { names: ["sAccessToken", "sRefreshToken", "sRefreshHash"], domain: "localhost", secure: false },
    host: { names: ["__Host-sAccessToken", "__Secure-sRefreshToken", "__Host-sRefreshHash"], domain: "api.shop.test", secure: true },
    domain: { names: ["__Secure-sAccessToken", "__Secure-sRefreshToken", "__Secure-sRefreshHash"], domain: ".shop.test", secure: true },
};
const expected = cases[process.env.CASE];

// The server's cookies, as the browser keeps them.
async function kept(context) {
    const all = await context.cookies([API, API + REFRESH]);
    const place = ({ name }) => expected.names.findIndex((base) => name.startsWith(`${base}.`));
    const ours = all.filter((cookie) => cookie.httpOnly).sort((a, b) => place(a) - place(b));
    const now = Date.now() / 1000;
    return ours.map(({ name, domain, path, secure, sameSite, expires }) => {
        return { name, domain, path, secure, sameSite, days: Math.round((expires - now) / DAY) };
    });
}

test(`cookies are kept as they are meant: ${process.env.CASE}`, { timeout: 60_000 }, () =>
    inBrowser(async (context) => {
        const page = await open(context, "cookie");
        await logIn(page, "ada");
        const { domain, secure } = expected;
        // All names end in eight letters of the session.
        const stored = await kept(context);
        const [session] = stored[0].name.split(".").slice(-1);
        assert.match(session, /^[\w-]{8}$/);
        const names = expected.names.map((name) => `${name}.${session}`);
        const three = [
            { name: names[0], domain, path: "/", secure, sameSite: "Lax", days: 365 },
            { name: names[1], domain, path: REFRESH, secure, sameSite: "Lax", days: 100 },
            { name: names[2], domain, path: "/", secure, sameSite: "Lax", days: 100 },
        ];
        assert.deepEqual(stored, three);
        assert.ok(!(await page.evaluate(() => document.cookie)).includes("AccessToken"), "out of reach of scripts");

        assert.ok(await refresh(page));
        assert.deepEqual(await kept(context), three, "after a refresh");
        assert.deepEqual(await state(page), { user: "ada", name: "Ada" });
        assert.equal((await call(page, "/me")).status, 200);

        await logIn(page, "ada");
        const later = await kept(context);
        assert.deepEqual(later.length, 3, "a login removes the cookies of the session it ends");
        assert.ok(later.every(({ name }) => !names.includes(name)), "and gets names of its own");

        await signOut(page);
        assert.deepEqual(await kept(context), [], "after the sign-out");
    }));
