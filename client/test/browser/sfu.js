/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The SFU side of the library on Chromium's peer connections, against a
 * stand-in in the same page: publishing, m-line reuse, a refused offer, ICE
 * restarts, replaced transports.
 *
 * CHROMIUM=/usr/bin/chromium node test/browser/sfu.js
 */

import assert from "node:assert/strict";

import { chromium } from "playwright-core";

import { startMockServer } from "../mock-server.js";

const server = await startMockServer({ port: Number(process.env.PORT ?? 0) });
const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: ["--no-sandbox", "--disable-gpu", "--mute-audio",
           "--autoplay-policy=no-user-gesture-required",
           "--use-fake-device-for-media-stream",
           "--use-fake-ui-for-media-stream",
           "--allow-loopback-in-peer-connection"],
});
const page = await browser.newPage();
let number = 0;
let failures = 0;

page.on("pageerror", (error) => {
    failures++;
    console.log(`# uncaught ${error}`);
});

page.on("console", (message) => {
    if (message.type() === "warning" || process.env.DEBUG) {
        console.log(`# ${message.text()}`);
    }
});

await page.goto(`${server.url}test/browser/fake-sfu.html`);
await page.waitForFunction(() => globalThis.t);


/**
 * @param {string} name
 * @param {() => Promise<void>} run
 */
async function test(name, run) {
    number++;

    try {
        await run();
        console.log(`ok ${number} - ${name}`);

    } catch (error) {
        failures++;
        console.log(`not ok ${number} - ${name}`);
        console.log(String(/** @type {any} */ (error)?.stack ?? error)
                    .replace(/^/gm, "# "));
    }
}


/**
 * Waits until a source moves (on).  Not by waitForFunction: to it the promise
 * of an asynchronous function is a true value already.
 *
 * @param {string} source
 */
async function moves(source) {
    const count = () => page.evaluate((s) => globalThis.t.count(s), source);
    const before = Math.max(0, await count());
    const end = Date.now() + 15000;

    while (await count() < before + 5) {
        if (Date.now() > end) {
            throw new Error(`${source} stands still`);
        }

        await page.waitForTimeout(100);
    }
}

/** @param {string} source */
const gone = (source) => page.waitForFunction((s) => {
    return globalThis.t.feeds.active("echo", s) === null;
}, source);

/** @param {"send"|"recv"} direction */
const lines = (direction) => page.evaluate((d) => {
    return globalThis.t.sfu[d].pc.getTransceivers().length;
}, direction);


await test("camera and microphone go out and come back", async () => {
    await page.evaluate(async () => {
        const { t } = globalThis;

        t.create("send");
        t.create("recv");
        await t.publish("microphone", "audio");
        await t.publish("camera", "video");
    });
    await moves("camera");
    await moves("microphone");
    assert.equal(await lines("send"), 2);
});

await test("more, and less, and m-lines are used again, 5 times", async () => {
    for (let i = 0; i < 5; i++) {
        await page.evaluate(() => globalThis.t.publish("screen", "video"));
        await moves("screen");
        await page.evaluate(() => globalThis.t.unpublish("screen"));
        await gone("screen");
        await page.evaluate(() => globalThis.t.publish("slides", "video"));
        await moves("slides");
        await page.evaluate(() => globalThis.t.unpublish("slides"));
        await gone("slides");
    }

    assert.equal(await lines("send"), 3);
    assert.equal(await lines("recv"), 3);
    await moves("camera");
});

await test("a refused offer leaves the rest as it was", async () => {
    const code = await page.evaluate(async () => {
        const { t } = globalThis;

        t.refuseNext("forbidden");

        try {
            await t.publish("screen", "video");
            return "";

        } catch (error) {
            return error.code;
        }
    });

    assert.equal(code, "forbidden");
    await moves("camera");
    await page.evaluate(() => globalThis.t.publish("screen", "video"));
    await moves("screen");
    await page.evaluate(() => globalThis.t.unpublish("screen"));
    await gone("screen");
});

await test("the same, with an m-line that is new", async () => {
    const code = await page.evaluate(async () => {
        const { t } = globalThis;

        await t.publish("a", "video");
        t.refuseNext("too-many");

        try {
            await t.publish("b", "video");
            return "";

        } catch (error) {
            return error.code;
        }
    });

    assert.equal(code, "too-many");
    await moves("a");
    await page.evaluate(() => globalThis.t.publish("c", "video"));
    await moves("c");
    await page.evaluate(async () => {
        await globalThis.t.unpublish("a");
        await globalThis.t.unpublish("c");
    });
    await gone("c");
    await moves("camera");
});

await test("ICE restarts, of both", async () => {
    await page.evaluate(() => {
        globalThis.t.sfu.send.restart();
        globalThis.t.sfu.recv.restart();
    });
    await page.waitForFunction(() => globalThis.t.counts.restarts === 1);
    await moves("camera");
    await moves("microphone");
});

await test("a new recv transport, without a gap", async () => {
    const old = await page.evaluate(() => {
        const { id } = globalThis.t.sfu.recv;

        globalThis.t.create("recv");

        return id;
    });

    await page.waitForFunction((id) => {
        const active = globalThis.t.feeds.active("echo", "camera");

        return active && active.owner !== id;
    }, old);
    await page.waitForFunction(() => globalThis.t.sfu.retired.size === 0);
    await moves("camera");
    await moves("microphone");

    const log = await page.evaluate(() => globalThis.t.log);
    const last = log.filter((/** @type {string} */ l) => {
        return l.startsWith("camera");
    });

    assert.ok(!last.includes("camera nothing"), "never nothing");
});

await test("a new send transport, and its tracks", async () => {
    await page.evaluate(() => globalThis.t.create("send"));
    await page.waitForFunction(() => globalThis.t.sfu.retired.size === 0,
                               null, { timeout: 20000 });
    await moves("camera");
    await moves("microphone");
});

await test("several restarts at once", async () => {
    await page.evaluate(() => {
        const { sfu } = globalThis.t;

        for (const link of [sfu.send, sfu.recv]) {
            link.restart();
            link.restart();
        }
    });
    await page.waitForFunction(() => globalThis.t.counts.restarts === 3);
    await moves("camera");
    await moves("microphone");
});

await browser.close();
await server.close();

console.log(`1..${number}`);
process.exit(failures ? 1 : 0);
