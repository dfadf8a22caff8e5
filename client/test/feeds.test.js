/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The turn from p2p to sfu: which source is shown, and when p2p ends; and
 * the page's layout arithmetic.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { bestGrid, layout } from "../demo/js/layout.js";
import { FeedSelector } from "../src/session/feeds.js";
import { ModeTurn } from "../src/session/turn.js";
import { StatsCollector } from "../src/stats.js";
import { FakeClock } from "./fakes.js";


function setUp() {
    const clock = new FakeClock();

    /** @type {Map<any, () => number>} */
    const counters = new Map();

    /** @type {string[]} */
    const shown = [];
    const feeds = new FeedSelector({
        clock,
        probe: async (info) => counters.get(info.track)?.() ?? 0,
    });

    feeds.on("active", ({ userId, source, owner }) => {
        shown.push(`${userId} ${source} ${owner ?? "nothing"}`);
    });

    /**
     * @param {string} userId
     * @param {() => number} [count]
     * @param {any} [more]
     */
    const feed = (userId, count = () => 0, more = {}) => {
        const track = { id: Math.random() };

        counters.set(track, count);

        return /** @type {any} */ ({ mid: "0", userId, source: "camera",
                                     kind: "video", track, receiver: {},
                                     ...more });
    };

    /** Frames at 15 per second, from a time on. */
    const running = (from = 0, until = Infinity) => () => {
        return Math.max(0, Math.floor((Math.min(clock.time, until) - from)
                                      * 15 / 1000));
    };

    return { clock, feeds, shown, feed, running };
}


test("the only source is shown at once", () => {
    const { feeds, shown, feed } = setUp();

    feeds.set("p2p:b", 1, [feed("b")]);
    assert.deepEqual(shown, ["b camera p2p:b"]);
});


test("the newer source is shown once it has decoded frames", async () => {
    const { clock, feeds, shown, feed, running } = setUp();

    feeds.set("p2p:b", 1, [feed("b", running())]);
    feeds.set("recv1", 10, [feed("b", running(2000))]);
    await clock.advance(1900);
    assert.deepEqual(shown, ["b camera p2p:b"], "not before");
    await clock.advance(600);
    assert.deepEqual(shown, ["b camera p2p:b", "b camera recv1"]);
});


test("users and sources switch each on their own", async () => {
    const { clock, feeds, shown, feed, running } = setUp();

    feeds.set("p2p:b", 1, [feed("b", running())]);
    feeds.set("p2p:c", 1, [feed("c", running())]);
    feeds.set("recv1", 10, [feed("b", running(0), { mid: "1" }),
                            feed("c", () => 0, { mid: "2" })]);
    await clock.advance(1000);
    assert.deepEqual(shown.slice(2), ["b camera recv1"]);
    assert.equal(feeds.active("c", "camera")?.owner, "p2p:c");
});


test("if the newer one stops during the turn, the older is shown",
     async () =>
{
    const { clock, feeds, feed, running } = setUp();

    feeds.set("p2p:b", 1, [feed("b", running())]);
    feeds.set("recv1", 10, [feed("b", running(0, 2000))]);
    await clock.advance(2000);
    assert.equal(feeds.active("b", "camera")?.owner, "recv1");
    await clock.advance(1500);
    assert.equal(feeds.active("b", "camera")?.owner, "p2p:b");
});


test("when the shown one ends, what is left is shown", () => {
    const { feeds, shown, feed } = setUp();

    feeds.set("p2p:b", 1, [feed("b")]);
    feeds.set("recv1", 10, [feed("b")]);
    feeds.set("p2p:b", 1, []);
    assert.deepEqual(shown, ["b camera p2p:b", "b camera recv1"]);
    feeds.set("recv1", 10, []);
    assert.equal(shown.at(-1), "b camera nothing");
});


test("an m-line that is used for another user is another feed", () => {
    const { feeds, shown, feed } = setUp();

    feeds.set("recv1", 10, [feed("b", undefined, { trackId: "t1" })]);
    feeds.set("recv1", 10, [feed("c", undefined, { trackId: "t2" })]);
    assert.deepEqual(shown, ["b camera recv1", "c camera recv1",
                             "b camera nothing"]);
});


test("busy: what is shown and moves", async () => {
    const { clock, feeds, feed, running } = setUp();
    const unwatch = feeds.watch();

    feeds.set("p2p:b", 1, [feed("b", running(0, 3000))]);
    await clock.advance(2500);
    assert.equal(feeds.busy("p2p:b"), true);
    await clock.advance(3000);
    assert.equal(feeds.busy("p2p:b"), false, "muted");
    unwatch();
    await clock.advance(500);
    assert.equal(clock.timers.size, 0, "nothing is polled any more");
});


/** @param {any} [more] */
function turn(more = {}) {
    const clock = new FakeClock();
    const peers = new Set(["b", "c"]);
    const busy = new Set(peers);

    /** @type {string[]} */
    const closed = [];
    const machine = new ModeTurn({
        clock,
        peers: () => [...peers],
        busy: (userId) => busy.has(userId),
        close: (userId) => {
            peers.delete(userId);
            closed.push(`${userId} at ${clock.time}`);
        },
        done: () => closed.push("done"),
        ...more,
    });

    return { clock, machine, busy, closed };
}


test("turn: nothing is closed before complete", async () => {
    const { clock, busy, closed } = turn();

    busy.clear();
    await clock.advance(30000);
    assert.deepEqual(closed, []);
});


test("turn: each is closed when it has been idle for a while", async () => {
    const { clock, machine, busy, closed } = turn({ settle: 800 });

    machine.complete();
    machine.complete();
    await clock.advance(1000);
    assert.deepEqual(closed, []);
    busy.delete("b");
    await clock.advance(1200);
    assert.deepEqual(closed, ["b at 2000"]);
    busy.delete("c");
    await clock.advance(300);
    busy.add("c");
    await clock.advance(2000);
    assert.equal(closed.length, 1, "it came back");
    busy.delete("c");
    await clock.advance(1200);
    assert.equal(closed.at(-1), "done");
    assert.equal(clock.timers.size, 0);
});


test("turn: at the deadline all are closed", async () => {
    const { clock, machine, closed } = turn({ deadline: 5000 });

    machine.complete();
    await clock.advance(5200);
    assert.deepEqual(closed, ["b at 5000", "c at 5000", "done"]);
});


test("statistics: sums never fall, whatever happens to connections",
     async () =>
{
    const clock = new FakeClock();

    /** @type {any[]} */
    const links = [];

    /** @param {string} id @param {"p2p"|"sfu"} via */
    const link = (id, via) => {
        const stat = { id: "in", type: "inbound-rtp", mid: "0", ssrc: 1,
                       framesDecoded: 0, bytesReceived: 0,
                       packetsReceived: 0, packetsLost: 0 };
        const made = {
            id, via, state: "connected", slots: new Map(), stat,
            pc: { getStats: async () => new Map([["in", { ...stat }]]) },
            feeds: [{ mid: "0", userId: "b", source: "camera",
                      kind: "video", track: { id: "t" } }],
        };

        links.push(made);

        return made;
    };

    const collector = new StatsCollector(() => links, clock);

    const frames = async () => {
        clock.time += 1000;

        const { participants, via } = await collector.collect();

        return [participants[0]?.framesDecoded, via];
    };

    const p2p = link("p2p:b", "p2p");

    p2p.stat.framesDecoded = 100;
    assert.deepEqual(await frames(), [100, "p2p"]);

    const sfu = link("r1", "sfu");

    p2p.stat.framesDecoded = 120;
    sfu.stat.framesDecoded = 10;
    assert.deepEqual(await frames(), [130, "both"]);
    links.shift();
    sfu.stat.framesDecoded = 30;
    assert.deepEqual(await frames(), [150, "sfu"]);
    sfu.stat.framesDecoded = 5;
    assert.deepEqual(await frames(), [155, "sfu"], "the browser starts at 0");
    sfu.stat.framesDecoded = 20;
    assert.deepEqual(await frames(), [170, "sfu"]);

    sfu.stat.bytesReceived = 1000;
    sfu.stat.packetsReceived = 9;
    sfu.stat.packetsLost = 1;
    clock.time += 1000;

    const { participants } = await collector.collect();

    assert.equal(participants[0].tracks[0].bitrate, 8000);
    assert.equal(participants[0].tracks[0].lossRate, 0.1);
    collector.forget("b");
    links.shift();
    assert.deepEqual(await frames(), [undefined, "none"]);
});


/**
 * @param {{x: number, y: number, width: number, height: number}[]} rects
 * @param {{width: number, height: number}} stage
 */
function checkRects(rects, stage) {
    for (const [i, a] of rects.entries()) {
        assert.ok(a.width > 0 && a.height > 0, "visible");
        assert.ok(a.x >= 0 && a.y >= 0
                  && a.x + a.width <= stage.width + 1
                  && a.y + a.height <= stage.height + 1, "inside");

        for (const b of rects.slice(i + 1)) {
            assert.ok(a.x + a.width <= b.x || b.x + b.width <= a.x
                      || a.y + a.height <= b.y || b.y + b.height <= a.y,
                      "apart");
        }
    }
}


test("layout: any count fits any stage, nothing overlaps", () => {
    for (const stage of [{ width: 1280, height: 640 },
                         { width: 374, height: 700 },
                         { width: 800, height: 300 },
                         { width: 240, height: 240 }])
    {
        for (let count = 1; count <= 60; count++) {
            checkRects(layout(count, -1, stage, 4), stage);
            checkRects(layout(count, count - 1, stage, 4), stage);
        }
    }
});


test("layout: the grids that people expect", () => {
    /** @param {[number, number, number]} args */
    const grid = (...args) => {
        const { columns, rows } = bestGrid(...args);

        return `${columns}x${rows}`;
    };

    assert.equal(grid(1, 1280, 640), "1x1");
    assert.equal(grid(2, 1280, 640), "2x1");
    assert.equal(grid(4, 1280, 640), "2x2");
    assert.equal(grid(6, 1280, 640), "3x2");
    assert.equal(grid(9, 1280, 720), "3x3");
    assert.equal(grid(2, 374, 700), "1x2");
    assert.equal(grid(6, 374, 700), "2x3");
});


test("layout: the prominent tile is the largest", () => {
    const stage = { width: 1280, height: 640 };
    const rects = layout(6, 2, stage);
    const area = rects.map((r) => r.width * r.height);

    assert.equal(Math.max(...area), area[2]);
    assert.ok(rects[2].width > stage.width * 0.7);
});


test("layout: no tile, one tile", () => {
    assert.deepEqual(layout(0, -1, { width: 100, height: 100 }), []);
    assert.deepEqual(layout(1, 0, { width: 160, height: 90 }),
                     [{ x: 0, y: 0, width: 160, height: 90 }]);
});
