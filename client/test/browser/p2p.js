/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The library and the page in Chromium, peer to peer against the mock
 * server: two and three tabs see and hear each other, muting, screen share,
 * lost signaling, a forgotten session, leaving and coming back.
 *
 * CHROMIUM=/usr/bin/chromium node test/browser/p2p.js
 */

import assert from "node:assert/strict";

import { chromium } from "playwright-core";

import { startMockServer } from "../mock-server.js";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const port = Number(process.env.PORT ?? 0);

const args = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
    "--mute-audio", "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--allow-loopback-in-peer-connection",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
];

const server = await startMockServer({ port });
const browser = await chromium.launch({ executablePath, headless: true,
                                        args });
let number = 0;
let failures = 0;


/**
 * @param {string} name
 * @param {() => Promise<void>} run
 */
async function test(name, run) {
    const started = Date.now();

    number++;

    try {
        await run();
        console.log(`ok ${number} - ${name} # ${Date.now() - started} ms`);

    } catch (error) {
        failures++;
        console.log(`not ok ${number} - ${name}`);
        console.log(String(/** @type {any} */ (error)?.stack ?? error)
                    .replace(/^/gm, "# "));
    }
}


/**
 * @param {string} room
 * @param {string} user
 * @param {string} [more]
 */
async function open(room, user, more = "") {
    const context = await browser.newContext({
        viewport: { width: 1000, height: 640 },
    });
    const page = await context.newPage();

    page.on("pageerror", (error) => {
        failures++;
        console.log(`# ${user}: uncaught ${error}`);
    });

    page.on("console", (message) => {
        if (message.type() === "error" || process.env.DEBUG) {
            console.log(`# ${user}: ${message.text()}`);
        }
    });

    await page.goto(`${server.url}?room=${room}&name=${user}&user=${user}`
                    + `&join=1&video=320x180@15&debug=1${more}`);
    await page.waitForFunction(() => {
        return globalThis.demo?.room?.state === "joined";
    });

    return page;
}


/**
 * Waits until `page` decodes picture and sound of `user` (again).
 *
 * @param {import("playwright-core").Page} page
 * @param {string} user
 */
async function sees(page, user) {
    const look = () => page.evaluate(async (u) => {
        const { framesDecoded = 0, totalAudioEnergy = 0 }
            = (await globalThis.demo.stats())[u] ?? {};

        return { framesDecoded, totalAudioEnergy };

    }, user);

    /* not by waitForFunction: to it a promise is a true value already */

    const before = await look();
    const end = Date.now() + 20000;

    for (;;) {
        const now = await look();

        if (now.framesDecoded >= before.framesDecoded + 10
            && now.totalAudioEnergy > before.totalAudioEnergy)
        {
            return;
        }

        if (Date.now() > end) {
            throw new Error(`${user} is not seen or heard: `
                            + JSON.stringify({ before, now }));
        }

        await page.waitForTimeout(100);
    }
}


/**
 * Starts or stops sharing, when the page is ready for it.
 *
 * @param {import("playwright-core").Page} page
 */
async function share(page) {
    await page.waitForSelector("#share:not([aria-busy])");
    await page.keyboard.press("s");
}


/**
 * @param {Record<string, import("playwright-core").Page>} pages
 */
async function allSee(pages) {
    for (const [name, page] of Object.entries(pages)) {
        for (const other of Object.keys(pages)) {
            if (other !== name) {
                await sees(page, other);
            }
        }
    }
}


const a = await open("one", "anna");
const b = await open("one", "bert");

await test("two tabs see and hear each other", () => {
    return allSee({ anna: a, bert: b });
});

await test("one negotiation only: no glare, no second offer", async () => {
    assert.deepEqual(server.counts, { offers: 1, answers: 1 });

    const sources = await a.evaluate(() => {
        const [bert] = globalThis.demo.room.participants.values();

        return [...bert.tracks.keys()].sort();
    });

    assert.deepEqual(sources, ["camera", "microphone"]);
});

let c = await open("one", "cora");

await test("a third joins", () => allSee({ anna: a, bert: b, cora: c }));

await test("muting shows, and unmuting brings the picture back", async () => {
    await a.keyboard.press("v");
    await a.keyboard.press("m");

    await b.waitForFunction(() => {
        const { mediaState } = globalThis.demo.room.participants.get("anna");

        return !mediaState.video && !mediaState.audio;
    });

    await b.waitForSelector('.tile.dark[data-user="anna"]');
    await a.keyboard.press("v");
    await a.keyboard.press("m");
    await sees(b, "anna");
    await b.waitForSelector('.tile:not(.dark)[data-user="anna"]');
});

await test("screen share reaches all, 3 times", async () => {
    for (let i = 0; i < 3; i++) {
        await share(a);

        for (const page of [b, c]) {
            await page.waitForSelector(
                '.tile.screen.prominent[data-user="anna"]');
            await page.waitForFunction(() => {
                const video = document.querySelector(
                    '.tile.screen[data-user="anna"] video');

                return video.videoWidth > 640
                       && video.getVideoPlaybackQuality()
                               .totalVideoFrames > 3;
            });
        }

        await share(a);

        for (const page of [b, c]) {
            await page.waitForSelector('.tile.screen[data-user="anna"]',
                                       { state: "detached" });
        }
    }

    const lines = await a.evaluate(() => {
        return globalThis.demo.room.getStats().then((s) => {
            return s.local.filter((t) => t.source === "camera").length;
        });
    });

    assert.equal(lines, 2, "camera to both");
    await allSee({ anna: a, bert: b, cora: c });
});

await test("signaling is lost and resumed, media goes on", async () => {
    await a.evaluate(() => {
        globalThis.events = [];
        globalThis.demo.room.on("reconnected", (e) => {
            globalThis.events.push(e.resumed);
        });
    });

    server.cut();
    await a.waitForFunction(() => globalThis.events.length === 1);
    assert.deepEqual(await a.evaluate(() => globalThis.events), [true]);
    await allSee({ anna: a, bert: b, cora: c });
});

await test("shared while signaling is away, seen after it", async () => {
    await b.evaluate(() => globalThis.demo.room.dropConnection());
    await share(b);
    await a.waitForSelector('.tile.screen[data-user="bert"]');
    await share(b);
    await a.waitForSelector('.tile.screen[data-user="bert"]',
                            { state: "detached" });
});

await test("the server forgets all: everybody joins anew", async () => {
    server.forget();

    for (const page of [a, b, c]) {
        await page.waitForFunction(() => {
            return globalThis.demo.room.state === "joined"
                   && globalThis.demo.room.participants.size === 2;
        });
    }

    await allSee({ anna: a, bert: b, cora: c });
});

await test("leaving and coming back", async () => {
    await c.keyboard.press("q");
    await a.waitForFunction(() => {
        return !globalThis.demo.room.participants.has("cora");
    });
    await c.waitForSelector('body[data-view="lobby"]');
    await c.click("#join");
    await c.waitForFunction(() => {
        return globalThis.demo.room?.state === "joined";
    });
    await allSee({ anna: a, bert: b, cora: c });
});

await test("both change at once: glare is resolved", async () => {
    await Promise.all([a, b].map((page) => share(page)));
    await a.waitForSelector('.tile.screen[data-user="bert"]');
    await b.waitForSelector('.tile.screen[data-user="anna"]');

    for (const [page, user] of /** @type {const} */ ([[a, "bert"],
                                                      [b, "anna"]]))
    {
        await page.waitForFunction((u) => {
            const video = document.querySelector(
                `.tile.screen[data-user="${u}"] video`);

            return video.getVideoPlaybackQuality().totalVideoFrames > 3;
        }, user);
    }

    await Promise.all([a, b].map((page) => share(page)));
    await allSee({ anna: a, bert: b, cora: c });
});

await test("ICE restart keeps the call", async () => {
    await a.evaluate(() => globalThis.demo.room.restartIce());
    await allSee({ anna: a, bert: b });
});

await test("a viewer without devices sees and hears", async () => {
    const d = await open("one", "dora", "&video=0&audio=0");

    await sees(d, "anna");
    await sees(d, "bert");
    await d.context().close();
    await a.waitForFunction(() => {
        return !globalThis.demo.room.participants.has("dora");
    });
});

await test("chat reaches the others", async () => {
    await a.keyboard.press("c");
    await a.fill("#chat-text", "hello <b>you</b>");
    await a.keyboard.press("Enter");
    await b.waitForFunction(() => {
        return document.querySelector("#chat-log")?.textContent
               ?.includes("hello <b>you</b>");
    });
    await a.keyboard.press("Escape");
});

await test("kicked: back in the lobby, with the reason", async () => {
    await a.evaluate(() => globalThis.demo.room.kick("cora"));
    await c.waitForFunction(() => {
        return document.querySelector("#lobby-note")?.textContent
               ?.includes("removed");
    });
});

await browser.close();
await server.close();

console.log(`1..${number}`);
process.exit(failures ? 1 : 0);
