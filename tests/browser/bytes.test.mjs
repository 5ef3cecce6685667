// What a sibling host can get a browser to send in our cookies' names: every byte and every white space around and inside of
// them. The headers are written to RECORD as they came, with the cookies as the browser has stored them; neighbours.rs reads
// them as the library does.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { inBrowser } from "./drive.mjs";
import { serveBytes } from "./neighbours.mjs";

const PREFIXES = ["__Host-sAccessToken.", "__Host-sRefreshHash.", "__Secure-sRefreshToken.", "__Host-Http-sAccessToken.", "__Http-sRefreshToken."];

// All that Unicode or some program takes for white space or for nothing.
const SPACES = [
    0x85, 0xa0, 0xad, 0x1680, 0x180e, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a,
    0x200b, 0x200c, 0x200d, 0x2028, 0x2029, 0x202f, 0x205f, 0x2060, 0x2800, 0x3000, 0x3164, 0xfe0f, 0xfeff, 0xff1d,
].map((code) => Buffer.from(String.fromCodePoint(code)));
const BYTES = [...Array(256).keys()].map((code) => Buffer.from([code]));

// Where it stands, as [before, inside the prefix, after, in the value].
const places = {
    "before the name": (odd, prefix, rest) => [odd, prefix, rest, "=x"],
    "after the name": (odd, prefix, rest) => [prefix, rest, odd, "=x"],
    "after the prefix": (odd, prefix, rest) => [prefix, odd, rest, "=x"],
    "inside the prefix": (odd, prefix, rest) => [prefix.slice(0, 2), odd, prefix.slice(2), rest, "=x"],
    "before the value": (odd, prefix, rest) => [prefix, rest, "=", odd, "x"],
    "after the value": (odd, prefix, rest) => [prefix, rest, "=x", odd],
    "between two": (odd, prefix, rest) => [rest, "=x", odd, prefix, rest, "=x"],
    "with a space between two": (odd, prefix, rest) => [rest, "=x", odd, " ", prefix, rest, "=x"],
    "without a name": (odd, prefix, rest) => [odd, "=", prefix, rest, "=x"],
    "before a name in the value": (odd, prefix, rest) => ["=", odd, prefix, rest, "=x"],
    "inside the value": (odd, prefix, rest) => [rest, "=", prefix.slice(0, 2), odd, prefix.slice(2)],
};

// Each with eight letters of its own, as our names have them.
const specimens = PREFIXES.flatMap((prefix) =>
    Object.values(places).flatMap((place) => [...BYTES, ...SPACES].map((odd) => [place, odd, prefix])),
).map(([place, odd, prefix], index) => {
    const rest = index.toString(36).padStart(8, "A");
    return Buffer.concat(place(odd, prefix, rest).map((part) => Buffer.from(part)));
});
// A browser keeps 180 cookies for a domain. In a response, bytes that may end a line come alone.
const batched = (all) => Array.from({ length: Math.ceil(all.length / 120) }, (_, at) => all.slice(120 * at, 120 * (at + 1)));
const endsLines = (pair) => [0, 10, 13].some((byte) => pair.includes(byte));
const responses = [
    ...specimens.filter(endsLines).map((pair) => [pair]),
    ...batched(specimens.filter((pair) => !endsLines(pair))),
];

const head = (lines) =>
    Buffer.concat([
        Buffer.from("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\nCache-Control: no-store\r\n"),
        ...lines,
        Buffer.from("\r\n"),
    ]);

// The sibling host plants a batch, if it is asked for one.
function plant(request) {
    const [, batch] = /^GET \/plant\/(\d+) /.exec(request.toString("latin1")) ?? [];
    const lines = (responses[batch] ?? []).map((pair) =>
        Buffer.concat([Buffer.from("Set-Cookie: "), pair, Buffer.from("; Domain=example.test; Path=/\r\n")]),
    );
    return head(lines);
}

// The application keeps the bytes of the cookies that it was sent.
let came;
function keep(request) {
    const text = request.toString("latin1");
    if (text.startsWith("GET /cookies")) came = /^cookie: (.*)\r$/im.exec(text)?.[1] ?? "";
    return head([]);
}

const app = (await serveBytes("https", keep))("app.example.test");

for (const scheme of ["https", "http"]) {
    test(`a sibling host over ${scheme} plants what it can`, { timeout: 120_000 }, () =>
        inBrowser(async (context) => {
            const sibling = (await serveBytes(scheme, plant))("evil.example.test");
            const [there, here] = [await context.newPage(), await context.newPage()];
            await there.goto(sibling);
            await here.goto(app);
            const record = [];
            const look = async (how) => {
                came = undefined;
                await here.evaluate(() => fetch("/cookies"));
                const stored = (await context.cookies(app)).map(({ name, value }) => [name, value]);
                record.push({ how, secure: scheme === "https", cookies: Buffer.from(came, "latin1").toString("hex"), stored });
                await context.clearCookies();
            };
            for (const [index, pairs] of responses.entries()) {
                const answered = await there.evaluate((index) => fetch(`/plant/${index}`).then(() => true, () => false), index);
                assert.ok(answered || endsLines(pairs[0]));
                await look("Set-Cookie");
            }
            for (const pairs of batched([...new Set(specimens.flatMap((pair) => [pair.toString("latin1"), pair.toString()]))])) {
                await there.evaluate((pairs) => {
                    for (const pair of pairs) document.cookie = `${pair}; Domain=example.test; Path=/`;
                    // Reading waits until all of them are stored.
                    return document.cookie.length;
                }, pairs);
                await look("document.cookie");
            }
            assert.ok(record.some(({ cookies }) => cookies.length > 1000), "much was planted");
            await writeFile(`${process.env.RECORD}/${scheme}.json`, JSON.stringify(record));
        }));
}
