/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The WebSocket framing, and the session over it: requests, heartbeat,
 * reconnection, backoff, resumption.
 */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { WebSocketChannel } from "../src/channel.js";
import { Emitter } from "../src/emitter.js";
import { RtcError, describeError } from "../src/errors.js";
import { Signaling } from "../src/signaling.js";
import { SerialQueue, backoff } from "../src/util.js";
import { FakeChannel, FakeClock, settle } from "./fakes.js";


class FakeSocket {
    /** @type {FakeSocket} */
    static last;

    readyState = 0;

    /** @type {any[]} */
    sent = [];

    /** @type {any} */ onopen;
    /** @type {any} */ onmessage;
    /** @type {any} */ onclose;
    /** @type {any} */ onerror;

    /** @param {string} url @param {string} protocol */
    constructor(url, protocol) {
        this.url = url;
        this.protocol = protocol;
        FakeSocket.last = this;
    }

    /** @param {string} text */
    send(text) {
        this.sent.push(JSON.parse(text));
    }

    close() {
        this.readyState = 3;
        this.onclose({ code: 1000, reason: "" });
    }

    accept() {
        this.readyState = 1;
        this.onopen();
    }

    /** @param {any} frame */
    receive(frame) {
        this.onmessage({ data: typeof frame === "string" ? frame
                               : JSON.stringify(frame) });
    }
}


async function openChannel() {
    const channel = new WebSocketChannel("https://example.com/rtc",
                                         { WebSocket: FakeSocket });
    const opened = channel.open();

    FakeSocket.last.accept();
    await opened;

    return { channel, socket: FakeSocket.last };
}


beforeEach(() => {
    FakeChannel.all = [];
    FakeChannel.answer = () => ({});
});


test("frames: url, subprotocol, ids, answers in any order", async () => {
    const { channel, socket } = await openChannel();

    assert.equal(socket.url, "wss://example.com/rtc");
    assert.equal(socket.protocol, "rtc.json");

    const first = channel.request("one", { a: 1 });
    const second = channel.request("two", undefined);

    assert.deepEqual(socket.sent, [
        { event: "one", data: { a: 1 }, id: 1 },
        { event: "two", data: {}, id: 2 },
    ]);

    socket.receive({ id: 2, data: { n: 2 } });
    socket.receive({ id: 1, data: { n: 1 } });
    assert.deepEqual(await first, { n: 1 });
    assert.deepEqual(await second, { n: 2 });

    channel.send("three", {});
    assert.deepEqual(socket.sent[2], { event: "three", data: {} });
});


test("frames: errors become RtcErrors with their code", async () => {
    const { channel, socket } = await openChannel();
    const asked = channel.request("join-room", {});

    socket.receive({ id: 1, error: { code: "room-full", message: "full" } });

    await assert.rejects(asked, (/** @type {any} */ error) => {
        return error instanceof RtcError && error.code === "room-full"
               && error.message === "full" && error.event === "join-room";
    });
});


test("frames: events, and what is no frame is ignored", async () => {
    const { channel, socket } = await openChannel();

    /** @type {any[]} */
    const events = [];

    channel.onevent = (event, data) => events.push([event, data]);

    for (const bad of ["no json", "null", "7", "[]", "{}",
                       '{"id":99,"data":{}}'])
    {
        socket.receive(bad);
    }

    socket.receive({ event: "user-left", data: { userId: "x" } });
    socket.receive({ event: "room-closed" });
    assert.deepEqual(events, [["user-left", { userId: "x" }],
                              ["room-closed", {}]]);
});


test("frames: a lost socket rejects what waits, once", async () => {
    const { channel, socket } = await openChannel();
    let closed = 0;

    channel.onclose = () => closed++;

    const asked = channel.request("ping", {});

    socket.readyState = 3;
    socket.onclose({ code: 1006, reason: "" });
    socket.onclose({ code: 1006, reason: "" });
    await assert.rejects(asked, { code: "connection-lost" });
    await assert.rejects(channel.request("ping", {}),
                         { code: "connection-lost" });
    assert.equal(closed, 1);
});


test("frames: a socket that never opens is connect-failed", async () => {
    const channel = new WebSocketChannel("ws://example.com/",
                                         { WebSocket: FakeSocket });
    const opened = channel.open();

    FakeSocket.last.onclose({ code: 1006, reason: "" });
    await assert.rejects(opened, { code: "connect-failed" });
});


/** @param {any} [options] */
function session(options = {}) {
    const clock = new FakeClock();

    /** @type {any[]} */
    const seen = [];
    const signaling = new Signaling(
        options.connect ?? (() => /** @type {any} */ (new FakeChannel())),
        { clock, random: () => 0, ...options });

    signaling.on("event", ({ event }) => seen.push(event));
    signaling.on("reconnecting", ({ attempt, delay }) => {
        seen.push(`retry ${attempt} in ${delay}`);
    });
    signaling.on("connected", ({ resumed }) => {
        seen.push(resumed ? "resumed" : "anew");
    });
    signaling.on("closed", ({ error }) => seen.push(`closed ${error.code}`));

    return { clock, signaling, seen,
             get channel() {
                 return /** @type {FakeChannel} */ (FakeChannel.all.at(-1));
             } };
}


test("events that come during the handshake wait for its end", async () => {
    const s = session();

    await s.signaling.start(async (request) => {
        s.channel.onevent("room-state", {});
        await request("join-room", {});
        s.channel.onevent("user-joined", {});

        return { resumed: true };
    });

    assert.deepEqual(s.seen, ["resumed", "room-state", "user-joined"]);
});


test("the first connection's failure is thrown, not retried", async () => {
    const s = session({ connect: () => new FakeChannel({ fail: true }) });

    await assert.rejects(s.signaling.start(async () => ({ resumed: true })),
                         { code: "connect-failed" });
    await s.clock.advance(60000);
    assert.equal(FakeChannel.all.length, 1);
    assert.equal(s.signaling.state, "closed");
});


test("reconnection: backoff grows, ends at its maximum", async () => {
    let fail = false;
    const s = session({
        connect: () => new FakeChannel({ fail }),
        backoff: { min: 100, max: 1000, factor: 2 },
        heartbeatInterval: 0,
    });

    await s.signaling.start(async () => ({ resumed: true }));
    fail = true;
    s.channel.close(1006);
    await s.clock.advance(5000);
    assert.deepEqual(s.seen.slice(0, 7), [
        "resumed", "retry 1 in 100", "retry 2 in 200", "retry 3 in 400",
        "retry 4 in 800", "retry 5 in 1000", "retry 6 in 1000",
    ]);

    fail = false;
    s.seen.length = 0;
    await s.clock.advance(1000);
    assert.deepEqual(s.seen, ["resumed"]);
    assert.equal(s.signaling.state, "connected");

    /* and starts small again */
    s.seen.length = 0;
    s.channel.close(1006);
    assert.deepEqual(s.seen, ["retry 1 in 100"]);
});


test("backoff has jitter downwards only", () => {
    assert.equal(backoff(0, { min: 100, jitter: 0.5, random: () => 0 }), 100);
    assert.equal(backoff(0, { min: 100, jitter: 0.5, random: () => 1 }), 50);
    assert.equal(backoff(1000, { max: 3000, random: () => 0 }), 3000);
});


test("requests wait for the connection and go on after resumption",
     async () =>
{
    const s = session({ heartbeatInterval: 0 });

    await s.signaling.start(async () => ({ resumed: true }));
    s.channel.close(1006);

    const asked = s.signaling.request("media-state", { audio: true });
    const impatient = s.signaling.request("x", {}, { queue: false });

    await assert.rejects(impatient, { code: "connection-lost" });
    await s.clock.advance(1000);
    await asked;
    assert.deepEqual(s.channel.sent, [{ event: "media-state",
                                        data: { audio: true } }]);
});


test("requests of a session that is gone are rejected", async () => {
    const s = session({ heartbeatInterval: 0 });

    await s.signaling.start(async (_, first) => ({ resumed: first }));
    s.channel.close(1006);

    const asked = s.signaling.request("media-state", {});

    asked.catch(() => { });
    await s.clock.advance(1000);
    await assert.rejects(asked, { code: "session-lost" });
    assert.equal(s.seen.at(-1), "anew");
});


test("an answer that does not come is a timeout", async () => {
    const s = session({ requestTimeout: 3000, heartbeatInterval: 0 });

    await s.signaling.start(async () => ({ resumed: true }));
    s.channel.mute = true;

    const asked = s.signaling.request("list-rooms");

    asked.catch(() => { });
    await s.clock.advance(3001);
    await assert.rejects(asked, { code: "timeout" });
});


test("heartbeat: a dead socket is noticed and replaced", async () => {
    const s = session({ heartbeatInterval: 5000, heartbeatTimeout: 4000 });

    await s.signaling.start(async () => ({ resumed: true }));
    await s.clock.advance(30000);
    assert.equal(FakeChannel.all.length, 1, "a live one is kept");
    assert.ok(s.channel.sent.filter((m) => m.event === "ping").length >= 5);

    s.channel.mute = true;
    await s.clock.advance(8500);
    assert.equal(FakeChannel.all[0].closed, false, "one may be missed");
    await s.clock.advance(5000);
    assert.equal(FakeChannel.all[0].closed, true);
    assert.equal(FakeChannel.all.length, 2);
    assert.equal(s.signaling.state, "connected");
});


test("heartbeat: any message is a sign of life", async () => {
    const s = session({ heartbeatInterval: 5000, heartbeatTimeout: 4000 });

    await s.signaling.start(async () => ({ resumed: true }));
    s.channel.mute = true;

    for (let i = 0; i < 10; i++) {
        await s.clock.advance(3000);
        s.channel.onevent("active-speakers", []);
    }

    assert.equal(FakeChannel.all.length, 1);
});


test("wake: retries at once", async () => {
    let fail = false;
    const s = session({ connect: () => new FakeChannel({ fail }),
                        backoff: { min: 60000, max: 60000 },
                        heartbeatInterval: 0 });

    await s.signaling.start(async () => ({ resumed: true }));
    fail = true;
    s.channel.close(1006);
    fail = false;
    s.signaling.wake();
    await settle();
    assert.equal(s.signaling.state, "connected");
    await s.clock.advance(120000);
    assert.equal(FakeChannel.all.length, 2, "and not a second time");
});


test("a fatal handshake gives up, with its code", async () => {
    const s = session({ heartbeatInterval: 0 });

    await s.signaling.start(async (_, first) => {
        if (!first) {
            throw Object.assign(new RtcError("forbidden"), { fatal: true });
        }

        return { resumed: true };
    });

    s.channel.close(1006);
    await s.clock.advance(1000);
    assert.equal(s.seen.at(-1), "closed forbidden");
    await s.clock.advance(60000);
    assert.equal(FakeChannel.all.length, 2);
});


test("close: nothing is left running", async () => {
    const s = session();

    await s.signaling.start(async () => ({ resumed: true }));
    s.signaling.close();
    assert.equal(s.channel.closed, true);
    assert.equal(s.clock.timers.size, 0);
    await assert.rejects(s.signaling.request("x"), { code: "closed" });
});


test("close while reconnecting: no connection comes after", async () => {
    const s = session({ heartbeatInterval: 0 });

    await s.signaling.start(async () => ({ resumed: true }));
    s.channel.close(1006);
    s.signaling.close();
    await s.clock.advance(60000);
    assert.equal(FakeChannel.all.length, 1);
    assert.equal(s.clock.timers.size, 0);
});


test("emitter: on, once, off, and a listener that throws", async () => {
    /** @type {Emitter<{a: number, b: string}>} */
    const emitter = new Emitter();

    /** @type {any[]} */
    const got = [];
    const off = emitter.on("a", (n) => got.push(n));

    emitter.once("a", (n) => got.push(`once ${n}`));
    emitter.emit("a", 1);
    emitter.emit("a", 2);
    off();
    assert.equal(emitter.emit("a", 3), false);
    assert.deepEqual(got, [1, "once 1", 2]);
    assert.equal(emitter.listenerCount(), 0);

    /** @type {(() => void)[]} */
    const reported = [];
    const real = globalThis.queueMicrotask;

    globalThis.queueMicrotask = (fn) => reported.push(fn);
    emitter.on("b", () => {
        throw new Error("listener");
    });
    emitter.on("b", (text) => got.push(text));
    emitter.emit("b", "reached");
    globalThis.queueMicrotask = real;
    assert.equal(got.at(-1), "reached");
    assert.equal(reported.length, 1);
    assert.throws(reported[0], /listener/);
});


test("serial queue: one after the other, errors do not stop it", async () => {
    const queue = new SerialQueue();

    /** @type {string[]} */
    const order = [];
    const slow = queue.run(async () => {
        order.push("slow starts");
        await settle();
        order.push("slow ends");
        throw new Error("x");
    });
    const fast = queue.run(() => order.push("fast"));

    await assert.rejects(slow, /x/);
    await fast;
    assert.deepEqual(order, ["slow starts", "slow ends", "fast"]);

    queue.close();
    assert.equal(await queue.run(() => "never"), undefined);
});


test("errors have plain words", () => {
    assert.equal(describeError(new RtcError("room-locked", "E42")),
                 "The host has locked the room.");
    assert.equal(describeError(new RtcError("permission-denied",
                                            "The camera …")),
                 "The camera …");
    assert.equal(describeError(new Error("boom")), "boom");
    assert.equal(describeError(new RtcError("strange", "as it came")),
                 "as it came");
});
