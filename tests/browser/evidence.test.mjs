// Pages of another site and of a sibling host try every route of ours, in every way that they have: nothing is set,
// removed, changed, or redirected to where they say. With `csrf = "none"` that holds for the library's routes and for all
// that start a session or end one; what else an application changes, it checks itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import { API, inBrowser, pause } from "./drive.mjs";
import { ask, jar, serve } from "./neighbours.mjs";

const { csrf, everything } = JSON.parse(process.env.CASE);

const text = (value) => value.replaceAll("&", "&amp;").replaceAll('"', "&quot;");

// A blank page, which tells as much of itself as `policy` says; with `post` one with a form that sends itself.
function page(request, response) {
    const asked = new URL(request.url, "http://page").searchParams;
    const to = asked.get("post");
    const inputs = to && [...new URL(to).searchParams].map(([name, value]) => `<input name="${name}" value="${text(value)}">`);
    const form = to && `<form method="post" action="${text(to)}">${inputs.join("")}</form><script>document.forms[0].submit()</script>`;
    response.setHeader("Content-Type", "text/html");
    response.setHeader("Referrer-Policy", asked.get("policy") ?? "unsafe-url");
    response.end(`<!doctype html><link rel="icon" href="data:,"><title>Others</title>${form ?? ""}`);
}
const over = { https: await serve("https", page), http: await serve("http", page) };
const scheme = new URL(API).protocol.slice(0, -1);
const others = {
    "another site": over[scheme]("attacker.test"),
    "another site, over http": over.http("attacker.test"),
    "a sibling host": over[scheme]("evil.example.test"),
    "a sibling host, over http": over.http("evil.example.test"),
};

// Where an attacker would like to see the visitor.
const CHOSEN = "/chosen";
const back = { next: CHOSEN, login: CHOSEN };
const mallory = { user: "mallory", name: "Mallory", text: "" };

// `form` is what it carries, `json` the same for a reader of JSON. `refused` says that it is refused whoever asks, `page` that
// people come there, `own` that whether it is refused depends on the mode.
const everyRoute = [
    { method: "POST", path: "/auth/session/refresh", refused: true },
    { method: "POST", path: "/auth/session/refresh/page", form: back, refused: true },
    { method: "GET", path: "/auth/session/refresh/page", form: back, page: true },
    { method: "POST", path: "/auth/signout", refused: true },
    { method: "POST", path: "/log-out", refused: true },
    { method: "POST", path: "/sign-in", form: { ...mallory, ...back }, refused: true },
    { method: "POST", path: "/login", json: mallory, refused: true },
    { method: "POST", path: "/enter/mallory", refused: true },
    { method: "POST", path: "/visit", refused: true },
    { method: "POST", path: "/act", page: true, own: true },
    { method: "POST", path: "/prove", own: true },
    { method: "POST", path: "/change", own: true },
    { method: "POST", path: "/leave", own: true },
    { method: "POST", path: "/notes", form: { _method: "PUT", text: "theirs" }, own: true },
    { method: "GET", path: "/who" },
    { method: "GET", path: "/who/live" },
    { method: "GET", path: "/who/maybe" },
    { method: "GET", path: "/member", page: true },
    { method: "GET", path: "/auth/jwt/jwks.json" },
    { method: "POST", path: "/auth/jwt/jwks.json" },
].map((route) => ({ ...route, url: API + route.path }));
const isUnchecked = ({ own }) => own && csrf === "none";
const routes = everyRoute.filter((route) => !isUnchecked(route));
const unsafe = routes.filter(({ method }) => method === "POST");

// In the attacker's page: posts forms and loads pages, each in a frame or a window of its own.
const send = (all) => {
    for (const { url, method, form, json, framed, attack } of all) {
        const fields = { ...form, attack };
        const query = new URLSearchParams(method === "GET" ? fields : { attack });
        const frame = framed && document.body.appendChild(document.createElement("iframe"));
        if (method === "GET" && frame) frame.src = `${url}?${query}`;
        else if (method === "GET") window.open(`${url}?${query}`);
        else {
            const element = document.body.appendChild(document.createElement("form"));
            Object.assign(element, { method: "post", action: `${url}?${query}`, target: frame ? (frame.name = attack) : "_blank" });
            // What a reader of JSON takes: the equals sign between name and value is inside of a string.
            const entries = json ? [[`${JSON.stringify(json).slice(0, -1)},"more":"`, '"}']] : Object.entries(fields);
            if (json) element.enctype = "text/plain";
            for (const [name, value] of entries) {
                Object.assign(element.appendChild(document.createElement("input")), { type: "hidden", name, value });
            }
            element.submit();
        }
    }
};

// In the attacker's page: asks with scripts.
const ask_for = (all) =>
    Promise.all(all.map(async ({ url, method, form, json, mode, headers, beacon, attack }) => {
        const query = new URLSearchParams(method === "GET" ? { ...form, attack } : { attack });
        const body = method === "GET" ? undefined : json ? JSON.stringify(json) : new URLSearchParams(form);
        if (beacon) return navigator.sendBeacon(`${url}?${query}`, body);
        const how = { method, body, mode, headers, credentials: "include" };
        await fetch(`${url}?${query}`, how).catch(() => "the answer is not for this page");
    }));

// The requests of a kind; an attack is named by what it does, method and path.
const named = (what, routes, more = {}) =>
    routes.map((route) => ({ ...route, ...more, attack: `${what} ${route.method} ${route.path}` }));

// Each kind sends all that it can, and returns the attacks that must have been answered.
const kinds = {
    async scripts(tab) {
        const sent = [
            ...named("fetch", routes, { mode: "no-cors" }),
            ...named("cors", routes, { mode: "cors" }),
            ...named("beacon", unsafe, { beacon: true }),
        ];
        // What needs a preflight is never sent.
        await tab.evaluate(ask_for, [...sent, ...named("rid", routes, { mode: "cors", headers: { rid: "anti-csrf" } })]);
        return sent;
    },
    async frames(tab) {
        const sent = named("frame", routes, { framed: true });
        await tab.evaluate(send, sent);
        return sent;
    },
    async windows(tab, state) {
        // A page of ours refreshes by itself, wherever the link to it stands.
        const opens = state !== "with a refresh token only";
        // Windows are slow to open: what asks for a session is tried in frames.
        const sent = named("window", routes.filter(({ refused, page }) => refused || (page && opens)));
        await tab.evaluate(send, sent);
        return sent;
    },
    // A page that does it as soon as it is loaded, in the tab of the victim.
    async visits(tab) {
        const sent = named("visit", unsafe.slice(0, 5));
        const from = new URL(tab.url());
        for (const { url, form, attack } of sent) {
            from.searchParams.set("post", `${url}?${new URLSearchParams({ ...form, attack })}`);
            await tab.goto(from.href);
            await tab.waitForURL((now) => now.origin === API);
        }
        return sent;
    },
};

// Waits until all of these attacks were answered; returns the answers.
async function answers(sent) {
    const all = [];
    const missing = new Set(sent.map(({ attack }) => attack));
    for (let looks = 0; missing.size && looks < 400; looks += 1) {
        const more = JSON.parse(await ask(API, "/answers"));
        more.forEach(({ attack }) => missing.delete(attack));
        all.push(...more);
        if (!more.length) await pause(25);
    }
    assert.deepEqual([...missing], [], "these attacks arrived");
    return all;
}

// What is wrong with an answer.
function wrong({ attack, status, set_cookie, location }) {
    const [what, method, path] = attack.split(" ");
    const { refused } = routes.find((route) => route.method === method && route.path === path);
    const names = set_cookie.map((line) => line.split(";")[0].slice(0, 40));
    return [
        names.length && `sets ${names}`,
        location?.startsWith(CHOSEN) && `goes to ${location}`,
        refused && what !== "rid" && status !== 403 && "is not refused",
    ].filter(Boolean).map((wrong) => `${attack}: ${status}, ${wrong}`);
}

// How the visitor is found.
const states = {
    async "logged in"(context, own) {
        assert.equal(await own.evaluate(async () => (await fetch("/enter/ada", { method: "POST" })).status), 200);
    },
    async "with a refresh token only"(context, own) {
        await states["logged in"](context, own);
        await context.clearCookies({ name: /sAccessToken/ });
    },
    async "not logged in"() {},
};

const seen = async (context) => ({ cookies: await jar(context), rows: await ask(API, "/rows") });

// What goes wrong if a page at `origin` tries all of these kinds.
const tried = (origin, state, chosen) =>
    inBrowser(async (context) => {
        const own = await context.newPage();
        await own.goto(`${API}/open`);
        await states[state](context, own);
        const found = [];
        for (const [index, kind] of chosen.entries()) {
            const before = await seen(context);
            const tab = await context.newPage();
            const policy = index % 2 ? "no-referrer" : "unsafe-url";
            await tab.goto(`${origin}/?${new URLSearchParams({ policy })}`);
            const wrongs = (await answers(await kinds[kind](tab, state))).flatMap(wrong);
            for (const opened of context.pages().slice(1)) {
                await opened.waitForLoadState();
                await opened.close();
            }
            const after = await seen(context);
            const who = await own.evaluate(async () => (await (await fetch("/who/maybe")).json()).name);
            if (state === "logged in" && who !== "ada") wrongs.push(`ada became ${who}`);
            if (state === "not logged in" && who !== null) wrongs.push(`nobody became ${who}`);
            if (String(before.cookies) !== String(after.cookies)) wrongs.push("cookies were changed");
            if (before.rows !== after.rows) wrongs.push("rows were changed");
            if (wrongs.length) {
                await context.clearCookies();
                await states[state](context, own);
            }
            found.push(...wrongs.map((what) => `${state}, ${kind}: ${what}`));
        }
        return found;
    });

// All of them for one set of settings, what they differ in for the others.
const [all, some] = [Object.keys(kinds), ["windows", "scripts"]];
const plan = everything
    ? Object.keys(others).flatMap((from) => Object.keys(states).map((state) => [from, state, all]))
    : [
          ["another site", "logged in", all],
          ["another site", "not logged in", some],
          ["a sibling host", "logged in", some],
          ["a sibling host", "with a refresh token only", some],
          ["another site, over http", "logged in", ["windows"]],
      ];

for (const [from, state, chosen] of plan) {
    const origin = others[from];
    test(`${from} does nothing to somebody ${state}: ${process.env.CASE}`, { timeout: 120_000 }, async () => {
        assert.deepEqual(await tried(origin, state, chosen), []);
    });
}

// So that the cases above are about the mode that they name.
if (csrf === "none") {
    test(`what an application changes is open to a sibling host: ${process.env.CASE}`, { timeout: 60_000 }, () =>
        inBrowser(async (context) => {
            const [own, tab] = [await context.newPage(), await context.newPage()];
            await own.goto(`${API}/open`);
            await states["logged in"](context, own);
            await tab.goto(others["a sibling host"]);
            const sent = named("frame", everyRoute.filter(({ path }) => path === "/act"), { framed: true });
            await tab.evaluate(send, sent);
            assert.deepEqual((await answers(sent)).map(({ status }) => status), [200]);
        }));
}
