/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Negotiation on fake peer connections: both transports of the SFU, p2p
 * with glare, SDP helpers, and a whole room over a fake server.
 */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { P2pPeer } from "../src/p2p.js";
import { RtcError } from "../src/errors.js";
import { nameStreams, sections, sends, sourceOf, streamIdOf }
    from "../src/sdp.js";
import { Room } from "../src/session/room.js";
import { SfuConnection } from "../src/sfu.js";
import { FakeChannel, FakeClock, FakeMediaStream, FakePeerConnection,
         fakeTrack, settle }
    from "./fakes.js";

/** @type {any} */ (globalThis).MediaStream = FakeMediaStream;

/** Node's own type wants all of a track. @param {"audio"|"video"} kind */
const trackOf = (kind) => /** @type {any} */ (fakeTrack(kind));


beforeEach(() => {
    FakeChannel.all = [];
    FakePeerConnection.all = [];
});


/** @param {any} [options] */
function sfu(options = {}) {
    const clock = new FakeClock();

    /** @type {any[]} */
    const sent = [];

    /** @type {Map<string, any>} */
    const publications = new Map();

    /** @type {any} */
    const replies = { handler: null };
    const busy = new Set();

    const connection = new SfuConnection({
        clock,
        publications: () => publications,
        configuration: () => ({}),
        PeerConnection: FakePeerConnection,
        busy: (owner) => busy.has(owner),
        request: async (event, data) => {
            sent.push({ event, ...data });

            return replies.handler?.(event, data) ?? {};
        },
        ...options,
    });

    /** Answers the newest offer. */
    const answer = async (more = {}) => {
        const offer = sent.filter((m) => m.event === "webrtc-offer").at(-1);

        connection.onAnswer({
            fromUserId: "sfu",
            transportId: offer.transportId,
            negotiation: offer.negotiation,
            answer: { type: "answer",
                      sdp: offer.offer.sdp.replaceAll("sendonly",
                                                      "recvonly") },
            tracks: {},
            ...more,
        });
        await settle();
    };

    /** @param {string} source @param {"audio"|"video"} kind */
    const publish = (source, kind) => {
        publications.set(source, { source, kind, options: {},
                                   mediaStreamTrack: fakeTrack(kind) });
    };

    return { clock, connection, sent, publications, answer, publish,
             replies, busy };
}


test("send: the client offers, with transport, number and sources",
     async () =>
{
    const t = sfu();

    t.publish("microphone", "audio");
    t.publish("camera", "video");
    t.connection.onTransportCreated({ id: "s1", direction: "send" });
    await settle();

    assert.equal(t.sent.length, 1);

    const [offer] = t.sent;

    assert.equal(offer.event, "webrtc-offer");
    assert.equal(offer.targetUserId, "sfu");
    assert.equal(offer.transportId, "s1");
    assert.equal(offer.negotiation, 1);
    assert.deepEqual(offer.tracks, { 0: "microphone", 1: "camera" });

    /** @type {any} */
    let published = null;

    t.connection.on("published", ({ tracks }) => {
        published = tracks;
    });

    await t.answer({ tracks: { 0: { id: "ta" }, 1: { id: "tv" } } });
    assert.equal(published.microphone.id, "ta");
    assert.equal(published.camera.id, "tv");
    assert.equal(FakePeerConnection.all[0].signalingState, "stable");
});


test("send: nothing to send, no offer", async () => {
    const t = sfu();

    t.connection.onTransportCreated({ id: "s1", direction: "send" });
    await settle();
    assert.equal(t.sent.length, 0);
});


test("send: operations wait for each other's answers", async () => {
    const t = sfu();

    t.connection.onTransportCreated({ id: "s1", direction: "send" });
    t.publish("camera", "video");

    const first = t.connection.sync();

    await settle();
    t.publish("screen", "video");

    const second = t.connection.sync();

    await settle();
    assert.equal(t.sent.length, 1, "one offer is outstanding at most");
    await t.answer();
    await first;
    assert.equal(t.sent.length, 2);
    assert.equal(t.sent[1].negotiation, 2);
    assert.deepEqual(t.sent[1].tracks, { 0: "camera", 1: "screen" });
    await t.answer();
    await second;
});


test("send: a stale answer is ignored", async () => {
    const t = sfu();

    t.connection.onTransportCreated({ id: "s1", direction: "send" });
    t.publish("camera", "video");

    const done = t.connection.sync();

    await settle();
    await t.clock.advance(10001);
    assert.equal(t.sent.length, 2, "unanswered: offered again");
    assert.equal(t.sent[1].negotiation, 2);
    await t.answer({ negotiation: 1 });
    assert.equal(FakePeerConnection.all[0].signalingState,
                 "have-local-offer");
    await t.answer({ negotiation: 2 });
    await done;
});


test("send: signaling was away, so it offers again", async () => {
    const t = sfu();

    t.connection.onTransportCreated({ id: "s1", direction: "send" });
    t.publish("camera", "video");

    const done = t.connection.sync();

    await settle();
    t.connection.resumed([{ id: "s1", direction: "send" }]);
    await settle();
    assert.equal(t.sent.length, 2);
    assert.equal(FakePeerConnection.all.length, 1, "the same transport");
    await t.answer();
    await done;
});


test("send: a refused offer is rolled back and thrown", async () => {
    const t = sfu();

    t.connection.onTransportCreated({ id: "s1", direction: "send" });
    t.publish("camera", "video");
    t.replies.handler = () => {
        throw new RtcError("forbidden");
    };
    await assert.rejects(t.connection.sync(), { code: "forbidden" });

    const [pc] = FakePeerConnection.all;

    assert.equal(pc.signalingState, "stable");
    assert.equal(pc.transceivers[0].sender.track, null);

    t.replies.handler = null;
    t.publications.clear();
    t.publish("screen", "video");

    const done = t.connection.sync();

    await settle();
    assert.equal(pc.transceivers.length, 1, "used again");
    assert.deepEqual(t.sent.at(-1).tracks, { 0: "screen" });
    await t.answer();
    await done;
});


test("send: unpublished is inactive, and the m-line is used again",
     async () =>
{
    const t = sfu();

    t.publish("camera", "video");
    t.publish("screen", "video");
    t.connection.onTransportCreated({ id: "s1", direction: "send" });
    await settle();
    await t.answer();

    const [pc] = FakePeerConnection.all;

    t.publications.delete("screen");

    let done = t.connection.sync();

    await settle();
    assert.deepEqual(t.sent.at(-1).tracks, { 0: "camera" });
    assert.equal(pc.transceivers[1].direction, "inactive");
    assert.equal(pc.transceivers[1].sender.track, null);
    await t.answer();
    await done;

    t.publish("slides", "video");
    done = t.connection.sync();
    await settle();
    assert.equal(pc.transceivers.length, 2);
    assert.deepEqual(t.sent.at(-1).tracks, { 0: "camera", 1: "slides" });
    await t.answer();
    await done;
});


test("send: what an m-line sends next has its own limits", async () => {
    const t = sfu();
    const options = { maxBitrate: 200000, maxFramerate: 5 };

    t.publish("slides", "video");
    t.publications.get("slides").options = options;
    t.connection.onTransportCreated({ id: "s1", direction: "send" });
    await settle();
    await t.answer();

    const [pc] = FakePeerConnection.all;
    const [{ sender }] = pc.transceivers;

    assert.deepEqual(sender.getParameters().encodings, [options]);
    t.publications.delete("slides");

    let done = t.connection.sync();

    await settle();
    await t.answer();
    await done;
    t.publish("camera", "video");
    done = t.connection.sync();
    await settle();
    await t.answer();
    await done;
    assert.equal(pc.transceivers.length, 1);
    assert.deepEqual(sender.getParameters().encodings, [{}]);
});


test("send: a muted camera needs no negotiation", async () => {
    const t = sfu();

    t.publish("camera", "video");
    t.connection.onTransportCreated({ id: "s1", direction: "send" });
    await settle();
    await t.answer();
    t.publications.get("camera").mediaStreamTrack = null;
    await t.connection.sync();
    assert.equal(t.sent.length, 1);
    assert.equal(FakePeerConnection.all[0].transceivers[0].sender.track,
                 null);
});


test("send: a failed connection offers with an ICE restart", async () => {
    const t = sfu();

    t.publish("camera", "video");
    t.connection.onTransportCreated({ id: "s1", direction: "send" });
    await settle();
    await t.answer();

    const [pc] = FakePeerConnection.all;

    pc.become("connected");
    pc.become("disconnected");
    await t.clock.advance(1000);
    assert.equal(pc.iceRestarts, 0, "a moment's patience");
    pc.become("failed");
    await t.clock.advance(10);
    assert.equal(pc.iceRestarts, 1);
    assert.equal(t.sent.length, 2);
    await t.answer();
    pc.become("connected");
    await t.clock.advance(60000);
    assert.equal(t.sent.length, 2);
});


const offerOf = (/** @type {string[]} */ lines) => ({
    type: /** @type {const} */ ("offer"),
    sdp: ["v=0", ...lines, ""].join("\r\n"),
});

const recvOffer = offerOf([
    "m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:0", "a=sendonly",
    "a=msid:bert x",
    "m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:1", "a=sendonly",
    "a=msid:bert~screen y",
    "m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:2", "a=inactive",
    "a=msid:cora z",
]);


test("recv: the server offers; ids are echoed, tracks say what is what",
     async () =>
{
    const t = sfu();

    /** @type {any} */
    let feeds = null;

    t.connection.on("feeds", (event) => {
        feeds = event.feeds.map((f) => `${f.mid} ${f.userId} ${f.source}`
                                       + ` ${f.trackId}`);
    });

    t.connection.onTransportCreated({ id: "r1", direction: "recv" });
    t.connection.onOffer({
        fromUserId: "sfu", transportId: "r1", negotiation: 7,
        offer: recvOffer,
        tracks: {
            0: { trackId: "t0", userId: "bert", kind: "audio",
                 source: "microphone" },
            1: { trackId: "t1", userId: "dora", kind: "video",
                 source: "camera" },
        },
    });
    await settle();

    assert.equal(t.sent.length, 1);
    assert.equal(t.sent[0].event, "webrtc-answer");
    assert.equal(t.sent[0].targetUserId, "sfu");
    assert.equal(t.sent[0].transportId, "r1");
    assert.equal(t.sent[0].negotiation, 7);
    assert.equal(t.sent[0].answer.type, "answer");
    assert.deepEqual(feeds, ["0 bert microphone t0", "1 dora camera t1"]);
});


test("recv: without tracks the stream ids tell", async () => {
    const t = sfu();

    /** @type {any} */
    let feeds = null;

    t.connection.on("feeds", (event) => {
        feeds = event.feeds.map((f) => `${f.userId} ${f.source}`);
    });

    t.connection.onTransportCreated({ id: "r1", direction: "recv" });
    t.connection.onOffer({ transportId: "r1", offer: recvOffer });
    await settle();
    assert.deepEqual(feeds, ["bert microphone", "bert screen"]);
});


test("recv: offers are answered one after the other", async () => {
    const t = sfu();

    t.connection.onTransportCreated({ id: "r1", direction: "recv" });

    for (const negotiation of [1, 2, 3]) {
        t.connection.onOffer({ transportId: "r1", negotiation,
                               offer: recvOffer });
    }

    await settle();
    await settle();
    assert.deepEqual(t.sent.map((m) => m.negotiation), [1, 2, 3]);
    assert.deepEqual(FakePeerConnection.all[0].log, [
        "remote offer", "local answer", "remote offer", "local answer",
        "remote offer", "local answer",
    ]);
});


test("recv: a failed connection asks for restart-ice", async () => {
    const t = sfu();

    t.connection.onTransportCreated({ id: "r1", direction: "recv" });
    FakePeerConnection.all[0].become("failed");
    await t.clock.advance(10);
    assert.deepEqual(t.sent, [{ event: "restart-ice", transportId: "r1" }]);
});


test("restarts do not pile up while signaling is away", async () => {
    const t = sfu();

    t.publish("camera", "video");
    t.connection.onTransportCreated({ id: "s1", direction: "send" });
    await settle();
    await t.answer();
    t.connection.onTransportCreated({ id: "r1", direction: "recv" });

    /** @type {(() => void)[]} */
    const waiting = [];

    t.replies.handler = () => new Promise((resolve) => {
        waiting.push(() => resolve({}));
    });
    t.sent.length = 0;

    for (const pc of FakePeerConnection.all) {
        pc.become("failed");
    }

    await t.clock.advance(60000);
    t.replies.handler = null;
    waiting.forEach((done) => done());
    await settle();
    await t.answer();
    assert.deepEqual(t.sent.map((m) => m.event).sort(),
                     ["restart-ice", "webrtc-offer"]);

    for (const pc of FakePeerConnection.all) {
        pc.become("connected");
        pc.become("failed");
    }

    await t.clock.advance(10);
    assert.equal(t.sent.length, 4, "but come again when they are needed");
});


test("replacement: the old recv transport goes when the new has media",
     async () =>
{
    const t = sfu();

    t.connection.onTransportCreated({ id: "r1", direction: "recv" });
    t.connection.onOffer({ transportId: "r1", offer: recvOffer });
    await settle();

    const [old] = FakePeerConnection.all;

    old.become("connected");
    t.busy.add("r1");
    t.connection.onTransportCreated({ id: "r2", direction: "recv",
                                      replaces: "r1" });
    t.connection.onTransportCreated({ id: "r2", direction: "recv",
                                      replaces: "r1" });
    assert.equal(FakePeerConnection.all.length, 2, "made once");
    t.connection.onOffer({ transportId: "r2", offer: recvOffer });
    await t.clock.advance(1000);
    assert.equal(old.signalingState, "stable", "not connected yet");
    FakePeerConnection.all[1].become("connected");
    await t.clock.advance(1000);
    assert.equal(old.signalingState, "stable", "still shown");
    t.busy.clear();
    await t.clock.advance(1000);
    assert.equal(old.signalingState, "closed");
    assert.equal(t.clock.timers.size, 0);
});


test("replacement: the client offers on the new send transport",
     async () =>
{
    const t = sfu();

    t.publish("camera", "video");
    t.connection.onTransportCreated({ id: "s1", direction: "send" });
    await settle();
    await t.answer();
    t.connection.onTransportCreated({ id: "s2", direction: "send",
                                      replaces: "s1" });
    await settle();
    assert.equal(t.sent.at(-1).transportId, "s2");
    assert.equal(t.sent.at(-1).negotiation, 1);
    await t.answer();

    const [old, fresh] = FakePeerConnection.all;

    await t.clock.advance(1000);
    assert.notEqual(old.signalingState, "closed");
    fresh.become("connected");
    await t.clock.advance(1000);
    assert.equal(old.signalingState, "closed");
    assert.equal(fresh.signalingState, "stable");
});


/** Two peers with a wire between them that the test can hold. */
function pair() {
    const clock = new FakeClock();

    /** @type {any} */
    const peers = {};

    /** @type {{to: string, event: string, data: any}[]} */
    const wire = [];

    /** @type {Record<string, Map<string, any>>} */
    const publications = { a: new Map(), b: new Map() };

    for (const [name, other] of [["a", "b"], ["b", "a"]]) {
        peers[name] = new P2pPeer({
            userId: other, selfUserId: name, selfId: `id-${name}`,
            initiator: name === "a", clock,
            PeerConnection: FakePeerConnection,
            publications: () => publications[name],
            request: async (event, data) => {
                if (event !== "ice-candidate") {
                    wire.push({ to: other, event, data });
                }

                return {};
            },
        });
    }

    /** Delivers what is on the wire now. */
    const deliver = async () => {
        for (const { to, event, data } of wire.splice(0)) {
            if (event === "webrtc-offer") {
                peers[to].onOffer(data);

            } else {
                peers[to].onAnswer(data);
            }

            await settle();
        }
    };

    /** @param {string} name @param {string} source */
    const publish = (name, source) => {
        publications[name].set(source, {
            source, kind: "video", options: {},
            mediaStreamTrack: fakeTrack("video"),
        });
    };

    return { clock, peers, wire, deliver, publish, publications };
}


test("p2p: the member offers, the newcomer answers, once", async () => {
    const p = pair();

    p.publish("a", "camera");
    p.publish("b", "camera");
    p.peers.a.start();
    p.peers.b.start();
    await settle();
    assert.deepEqual(p.wire.map((m) => m.event), ["webrtc-offer"]);
    assert.deepEqual(p.wire[0].data.tracks, { 1: "camera" });
    assert.match(p.wire[0].data.offer.sdp, /a=msid:a \S+/);
    await p.deliver();
    assert.deepEqual(p.wire.map((m) => m.event), ["webrtc-answer"]);
    assert.deepEqual(p.wire[0].data.tracks, { 1: "camera" });
    await p.deliver();
    assert.deepEqual(p.wire, [], "no second negotiation");
    assert.deepEqual(p.peers.a.feeds.map((/** @type {any} */ f) => {
        return `${f.userId} ${f.source}`;
    }), ["b camera"]);
});


test("p2p: glare: the polite side gives way, and both get through",
     async () =>
{
    const p = pair();

    p.peers.a.start();
    p.peers.b.start();
    await settle();
    await p.deliver();
    await p.deliver();

    p.publish("a", "screen");
    p.publish("b", "screen");
    p.peers.a.sync();
    p.peers.b.sync();
    await settle();
    assert.deepEqual(p.wire.map((m) => m.event),
                     ["webrtc-offer", "webrtc-offer"]);

    for (let i = 0; i < 8; i++) {
        await p.deliver();
    }

    assert.deepEqual(p.wire, []);

    for (const [name, other] of [["a", "b"], ["b", "a"]]) {
        assert.ok(p.peers[name].feeds.some((/** @type {any} */ f) => {
            return f.userId === other && f.source === "screen";
        }), `${name} sees the screen of ${other}`);
        assert.equal(p.peers[name].pc.signalingState, "stable");
    }
});


test("p2p: a lost offer is sent again", async () => {
    const p = pair();

    p.peers.a.start();
    await settle();
    p.wire.length = 0;
    await p.clock.advance(8100);
    assert.equal(p.wire.length, 1);
    await p.deliver();
    await p.deliver();
    assert.equal(p.peers.a.pc.signalingState, "stable");
    await p.clock.advance(60000);
    assert.equal(p.wire.length, 0);
});


test("p2p: a newcomer that nobody offers to offers itself", async () => {
    const p = pair();

    p.peers.b.start();
    await p.clock.advance(4900);
    assert.equal(p.wire.length, 0);
    await p.clock.advance(200);
    assert.deepEqual(p.wire.map((m) => m.event), ["webrtc-offer"]);
});


test("sdp: sections and their directions", () => {
    const parsed = sections(recvOffer.sdp);

    assert.deepEqual(parsed.map((s) => [s.mid, s.kind, s.direction,
                                        s.streamId]), [
        ["0", "audio", "sendonly", "bert"],
        ["1", "video", "sendonly", "bert~screen"],
        ["2", "video", "inactive", "cora"],
    ]);
    assert.deepEqual(parsed.map(sends), [true, true, false]);
    assert.equal(sections("v=0\r\nm=video 0 X 96\r\na=mid:0\r\n")[0]
                 .rejected, true);
    assert.equal(sections("v=0\r\nm=video 0 X 96\r\na=bundle-only\r\n")[0]
                 .rejected, false);
});


test("sdp: streams are named, the rest is left alone", () => {
    const sdp = ["v=0", "m=audio 9 X 111", "a=mid:0", "a=sendrecv",
                 "a=msid:{x} t1", "a=ssrc:5 cname:c", "a=ssrc:5 msid:{x} t1",
                 "m=video 9 X 96", "a=mid:1", "a=recvonly", ""].join("\r\n");
    const named = nameStreams(sdp, { 0: "anna" });

    assert.match(named, /a=msid:anna t1\r\n/);
    assert.doesNotMatch(named, /\{x\}/);
    assert.match(named, /a=ssrc:5 cname:c/);
    assert.ok(named.endsWith("a=recvonly\r\n"));
    assert.equal(nameStreams(sdp, {}), sdp);

    assert.equal(streamIdOf("anna", "id1", "camera"), "anna");
    assert.equal(streamIdOf("anna", "id1", "screen-audio"), "anna~screen");
    assert.equal(streamIdOf("Änne", "id1", "camera"), "id1");
    assert.equal(sourceOf("audio", "anna~screen"), "screen-audio");
    assert.equal(sourceOf("video", "anna"), "camera");
});


/** A room over a fake server. @param {any} [more] */
function makeRoom(more = {}) {
    const clock = new FakeClock();

    /** @type {any} */
    const state = {
        mode: "p2p", resume: 0, forget: false, others: [],
        selfId: "id-me",
    };

    const roomOf = () => ({
        id: "r", mode: state.mode,
        participants: [{ id: state.selfId, userId: "me",
                         joinedAt: "2025-01-01T00:00:05Z" },
                       ...state.others],
    });

    const handler = (/** @type {string} */ event, /** @type {any} */ data) => {
        if (event !== "join-room") {
            return {};
        }

        if (data.resume && state.forget) {
            state.selfId = "id-me2";
            throw new RtcError("resume-failed");
        }

        const channel = /** @type {FakeChannel} */ (FakeChannel.all.at(-1));

        queueMicrotask(() => channel.onevent("room-state", roomOf()));

        return {
            self: { id: state.selfId, userId: "me", role: "host",
                    joinedAt: "2025-01-01T00:00:05Z" },
            room: roomOf(), iceServers: [],
            session: { id: "s", resume: `secret${++state.resume}`,
                       timeout: 20000 },
            ...(data.resume && { resumed: true, transports: [] }),
        };
    };

    const room = new Room({
        connect: () => /** @type {any} */ (new FakeChannel({ handler })),
        roomId: "r", userId: "me", name: "Me", clock,
        PeerConnection: FakePeerConnection,
        signaling: { heartbeatInterval: 0 },
        ...more,
    });

    /** @type {string[]} */
    const log = [];

    room.on("participantJoined", ({ participant }) => {
        log.push(`+${participant.userId}`);
    });
    room.on("participantLeft", ({ participant, reason }) => {
        log.push(`-${participant.userId} ${reason}`);
    });
    room.on("reconnected", ({ resumed }) => log.push(`back ${resumed}`));
    room.on("left", ({ reason }) => log.push(`left ${reason}`));
    room.on("track", ({ participant, source }) => {
        log.push(`track ${participant.userId} ${source}`);
    });
    room.on("trackEnded", ({ participant, source }) => {
        log.push(`ended ${participant.userId} ${source}`);
    });

    return { room, clock, state, log,
             get channel() {
                 return /** @type {FakeChannel} */ (FakeChannel.all.at(-1));
             },
             /** @param {string} event @param {any} data */
             async receive(event, data) {
                 this.channel.onevent(event, data);
                 await settle();
             } };
}

const bert = { id: "id-b", userId: "bert", joinedAt: "2025-01-01T00:00:01Z" };
const cora = { id: "id-c", userId: "cora", joinedAt: "2025-01-01T00:00:09Z" };


test("room: join data, and the tracks published before it", async () => {
    const r = makeRoom({ metadata: { a: 1 }, token: async () => "jwt" });

    await r.room.publish(trackOf("audio"));
    await r.room.connect();

    const [join] = r.channel.sent;

    assert.equal(join.event, "join-room");
    assert.deepEqual(join.data, {
        roomId: "r", userId: "me", name: "Me", metadata: { a: 1 },
        token: "jwt", style: "native",
        mediaState: { video: false, audio: true, screenShare: false,
                      quality: "high" },
    });
    assert.equal(r.channel.sent.length, 1, "nothing to tell beyond it");
    assert.equal(r.room.isHost, true);
    assert.equal(r.room.size, 1);
});


test("room: who was there offers to us, who comes gets our offer",
     async () =>
{
    const r = makeRoom();

    r.state.others = [bert];
    await r.room.connect();
    await settle();
    assert.deepEqual(r.log, ["+bert"]);
    assert.equal(FakePeerConnection.all[0].offers, 0);
    await r.receive("user-joined", cora);
    assert.equal(FakePeerConnection.all[1].offers, 1);
    await r.receive("user-left", { userId: "cora", reason: "left" });
    assert.equal(FakePeerConnection.all[1].signalingState, "closed");
    assert.deepEqual(r.log, ["+bert", "+cora", "-cora left"]);
});


test("room: resumption: same participant, room-state fills the gap",
     async () =>
{
    const r = makeRoom();

    r.state.others = [bert];
    await r.room.connect();
    await settle();
    r.channel.close(1006);
    r.state.others = [cora];
    await r.clock.advance(1000);

    assert.deepEqual(r.channel.sent[0], {
        event: "join-room", data: { roomId: "r", resume: "secret1" },
    });
    assert.deepEqual(r.log, ["+bert", "back true", "+cora", "-bert left"]);
    assert.equal(FakePeerConnection.all[1].offers, 1,
                 "who came while we were away gets our offer");

    r.channel.close(1006);
    await r.clock.advance(1000);
    assert.equal(r.channel.sent[0].data.resume, "secret2",
                 "a secret is used once");
});


test("room: resume-failed: joins anew, with new connections", async () => {
    const r = makeRoom();

    r.state.others = [bert];
    await r.room.publish(trackOf("audio"));
    await r.room.connect();
    await settle();
    r.channel.close(1006);
    r.state.forget = true;
    await r.clock.advance(1000);

    const [resume, join] = r.channel.sent;

    assert.equal(resume.data.resume, "secret1");
    assert.equal(join.data.resume, undefined);
    assert.equal(join.data.userId, "me");
    assert.equal(join.data.mediaState.audio, true);
    assert.equal(FakePeerConnection.all[0].signalingState, "closed");
    assert.deepEqual(r.log, ["+bert", "-bert replaced", "back false",
                             "+bert"]);
});


test("room: muted while away, unmuted in another session", async () => {
    const r = makeRoom();

    await r.room.publish(trackOf("audio"));
    await r.room.connect();
    r.state.forget = true;
    r.channel.close();
    await settle();

    const muted = r.room.setMicrophoneMuted(true);

    r.clock.advance(10000);
    await assert.rejects(muted, { code: "session-lost" });
    await settle();
    assert.equal(r.channel.sent.filter((m) => m.event === "join-room")
                 .at(-1).data.mediaState.audio, false);
    await r.room.setMicrophoneMuted(false);
    assert.deepEqual(r.channel.sent.filter((m) => m.event === "media-state")
                     .map((m) => m.data), [{ audio: true }]);
});


test("room: the turn to sfu, and the end of p2p", async () => {
    const r = makeRoom();

    r.state.others = [bert];
    await r.room.publish(trackOf("video"));
    await r.room.connect();
    await settle();
    await r.receive("mode-changed", { mode: "sfu", complete: false });
    await r.receive("transport-created", { id: "s1", direction: "send",
                                           replaces: null });
    await r.receive("transport-created", { id: "r1", direction: "recv",
                                           replaces: null });
    await r.receive("user-joined", cora);

    assert.equal(FakePeerConnection.all.length, 3, "none for cora");

    const offers = r.channel.sent.filter((m) => m.event === "webrtc-offer");

    assert.deepEqual(offers.map((m) => m.data.targetUserId), ["sfu"]);

    await r.receive("webrtc-offer", {
        fromUserId: "sfu", transportId: "r1", negotiation: 1,
        offer: recvOffer,
        tracks: { 0: { trackId: "t", userId: "cora", kind: "audio",
                       source: "microphone" } },
    });
    assert.equal(r.log.at(-1), "track cora microphone");

    await r.clock.advance(20000);
    assert.notEqual(FakePeerConnection.all[0].signalingState, "closed",
                    "nothing is closed before complete");
    await r.receive("mode-changed", { mode: "sfu", complete: true });
    await r.clock.advance(3000);
    assert.equal(FakePeerConnection.all[0].signalingState, "closed");
    assert.equal(r.room.mode, "sfu");
});


test("room: a track whose owner is not known yet is shown with them",
     async () =>
{
    const r = makeRoom();

    r.state.mode = "sfu";
    await r.room.connect();
    await r.receive("transport-created", { id: "r1", direction: "recv" });
    await r.receive("webrtc-offer", {
        fromUserId: "sfu", transportId: "r1", offer: recvOffer,
        tracks: { 0: { trackId: "t", userId: "cora", kind: "audio",
                       source: "microphone" } },
    });
    assert.deepEqual(r.log, []);
    await r.receive("user-joined", cora);
    assert.deepEqual(r.log, ["+cora", "track cora microphone"]);
    await r.receive("user-left", { userId: "cora", reason: "left" });
    assert.deepEqual(r.log.slice(2), ["ended cora microphone",
                                      "-cora left"]);
});


test("room: muted by a host, locked, and let go again", async () => {
    const r = makeRoom();
    const track = trackOf("audio");

    await r.room.publish(track);
    await r.room.connect();
    await r.receive("muted", { userId: "me", kind: "audio", by: "bert",
                               locked: true });
    assert.equal(track.enabled, false);
    assert.deepEqual(r.channel.sent.at(-1), { event: "media-state",
                                              data: { audio: false } });
    await assert.rejects(r.room.setMicrophoneMuted(false),
                         { code: "locked" });
    await r.receive("muted", { userId: "me", kind: "audio", by: "bert",
                               locked: false });
    await r.room.setMicrophoneMuted(false);
    assert.equal(track.enabled, true);
    assert.deepEqual(r.channel.sent.at(-1).data, { audio: true });
});


test("room: a muted camera is switched off and opened again", async () => {
    const r = makeRoom();
    const first = trackOf("video");
    const second = trackOf("video");

    await r.room.connect();
    await r.room.publish(first, { reopen: async () => second });
    await r.room.setCameraMuted(true);
    assert.equal(first.stopped, true);
    assert.equal(r.room.self.mediaState.video, false);
    await r.room.setCameraMuted(false);
    assert.equal(r.room.self.tracks.get("camera")?.mediaStreamTrack, second);
    assert.deepEqual(r.channel.sent.filter((m) => m.event === "media-state")
                     .map((m) => m.data),
                     [{ video: true }, { video: false }, { video: true }]);
});


test("room: an unplugged device, and nothing to replace it", async () => {
    const r = makeRoom();
    const track = trackOf("audio");

    /** @type {string[]} */
    const log = [];

    r.room.on("error", (error) => log.push(error.code));
    r.room.on("localTrackEnded", ({ reason }) => log.push(reason));
    await r.room.connect();
    await r.room.publish(track, { reopen: async () => {
        throw new RtcError("no-device");
    } });
    track.dispatchEvent(new Event("ended"));
    await settle();
    assert.deepEqual(log, ["device-lost", "device-lost"]);
    assert.equal(r.room.self.tracks.size, 0);
});


test("room: a device that opens too late is closed again", async () => {
    const r = makeRoom();
    const unplugged = trackOf("video");
    const late = trackOf("video");

    /** @type {(track: any) => void} */
    let opened = () => { };

    await r.room.connect();
    await r.room.publish(unplugged, { reopen: () => new Promise((resolve) => {
        opened = resolve;
    }) });
    unplugged.dispatchEvent(new Event("ended"));
    await settle();
    await r.room.unpublish("camera");
    opened(late);
    await settle();
    assert.equal(late.stopped, true);
    assert.equal(r.room.self.tracks.size, 0);

    const allowed = trackOf("video");

    r.room.leave();
    await assert.rejects(r.room.publish(allowed), { code: "closed" });
    assert.equal(allowed.stopped, true);
    assert.equal(r.room.self.tracks.size, 0);
});


test("room: left by a listener of the join itself", async () => {
    const r = makeRoom();

    /** @type {string[]} */
    const added = [];
    const target = /** @type {any} */ (globalThis);
    const add = target.addEventListener;

    target.addEventListener = (/** @type {string} */ name) => {
        added.push(name);
    };

    r.room.on("state", ({ state }) => {
        if (state === "joined") {
            r.room.leave();
        }
    });

    try {
        await assert.rejects(r.room.connect(), { code: "closed" });

    } finally {
        target.addEventListener = add;
    }

    assert.deepEqual(added, []);
    assert.equal(r.room.state, "left");
});


test("room: kicked, closed, replaced: no return", async () => {
    for (const [event, data, reason] of /** @type {const} */ ([
        ["kicked", { reason: "rude" }, "kicked"],
        ["kicked", { reason: "token-expired" }, "token-expired"],
        ["room-closed", {}, "room-closed"],
        ["session-replaced", {}, "replaced"],
    ]))
    {
        const r = makeRoom();
        const track = trackOf("audio");

        r.state.others = [bert];
        await r.room.connect();
        await settle();
        await r.room.publish(track);
        await r.receive(event, data);
        await r.clock.advance(60000);
        assert.equal(r.log.at(-1), `left ${reason}`);
        assert.equal(r.room.state, "left");
        assert.equal(track.stopped, true);
        assert.equal(r.clock.timers.size, 0);
    }
});


test("room: 1,000 joins and leaves leave nothing behind", async () => {
    const r = makeRoom();

    await r.room.connect();

    for (let i = 0; i < 1000; i++) {
        await r.receive("user-joined", { ...cora, id: `id-${i}` });
        await r.receive("user-left", { userId: "cora", reason: "left" });
    }

    assert.equal(r.room.participants.size, 0);
    assert.ok(FakePeerConnection.all.every((pc) => {
        return pc.signalingState === "closed";
    }));
    r.room.leave();
    await settle();
    assert.equal(r.clock.timers.size, 0);
    assert.equal(r.log.at(-1), "left left");
});


test("room: a join that is refused throws and keeps the tracks", async () => {
    const track = trackOf("video");
    const room = new Room({
        connect: () => /** @type {any} */ (new FakeChannel({
            handler: () => {
                throw new RtcError("room-full");
            },
        })),
        roomId: "r", clock: new FakeClock(),
        PeerConnection: FakePeerConnection,
    });

    await room.publish(track);
    await assert.rejects(room.connect(), { code: "room-full" });
    assert.equal(track.stopped, false);
});
