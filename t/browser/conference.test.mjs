/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Conferences of real browsers: peer to peer, through the server, and the
 * turn from one to the other.
 */

import assert from "node:assert/strict";

import { allSee, assertGaps, codecs, gaps, join, mode, page, sees, watch }
    from "./lib/call.mjs";
import { scenario } from "./lib/scenario.mjs";


scenario("two tabs talk peer to peer, with the fourth the room turns", {},
         async (s) =>
{
    const tabs = await join(s, "turn", ["ann", "bob"]);

    await allSee(tabs, { via: "p2p" });
    await mode(tabs[0], "p2p");

    const status = await s.nginx.status();

    assert.equal(status.counters.datagrams_received, 0,
                 "no media packet reaches nginx");

    tabs.push(...await join(s, "turn", ["cid"]));
    await allSee(tabs, { via: "p2p" });

    await Promise.all(tabs.map(watch));

    tabs.push(...await join(s, "turn", ["dan"]));

    await Promise.all(tabs.map((tab) => mode(tab, "sfu")));
    await allSee(tabs, { via: "sfu" });

    /* p2p is closed when the turn is complete, and nobody stands still */

    await Promise.all(tabs.map((tab) => tab.until(
        async () => (await demo.fullStats()).connections
            .every((connection) => connection.via === "sfu"),
        "p2p connections are closed")));

    await allSee(tabs, { frames: 30 });

    for (const tab of tabs.slice(0, 3)) {
        const found = await gaps(tab);

        delete found.dan;
        assert.equal(Object.keys(found).length, 2);
        assertGaps(found, 1000, `${tab.name} during the turn`);
    }
});


scenario("six tabs see and hear five others, a screen reaches all, leaving"
         + " and coming back works", { timeout: 240000 }, async (s) =>
{
    const users = ["u1", "u2", "u3", "u4", "u5", "u6"];
    const tabs = await join(s, "six", users);

    await allSee(tabs, { frames: 30, timeout: 60000 });

    /* a tile for each, with a picture */

    for (const tab of tabs) {
        await tab.until(() => [...document.querySelectorAll("video")]
            .filter((video) => video.videoWidth > 0).length >= 6,
            "six pictures");
    }

    await tabs[2].evaluate(() => demo.room.startScreenShare());

    await Promise.all(tabs.filter((tab) => tab !== tabs[2]).map((tab) =>
        tab.until(async () => (await demo.stats()).u3.tracks.some(
            (track) => track.source === "screen"
                       && track.framesDecoded > 2),
            "the screen of u3", undefined, 30000)));

    await tabs[2].evaluate(() => demo.room.stopScreenShare());

    await Promise.all(tabs.filter((tab) => tab !== tabs[2]).map((tab) =>
        tab.until(() => ![...demo.room.participants.get("u3").tracks.values()]
            .some((track) => track.source === "screen"),
            "the screen is gone")));

    await tabs[4].evaluate(() => demo.room.leave());
    await tabs[0].until(() => !demo.room.participants.has("u5"), "u5 is gone");

    await tabs[4].goto(new URL(page("six", "u5"), s.nginx.url).href);
    await tabs[4].until(() => demo.room?.state === "joined", "back");

    await allSee(tabs, { frames: 15, timeout: 60000 });
});


for (const codec of ["vp9", "av1", "h264"]) {

    scenario(`Chromium publishes and shows ${codec}`, {}, async (s) => {
        const tabs = await join(s, codec, ["ann", "bob"],
                                { codec, mode: "sfu" });

        await allSee(tabs, { via: "sfu", frames: 30 });

        assert.deepEqual(await codecs(tabs[0]), [codec.toUpperCase()]);
    });
}


scenario("Firefox and Chromium see and hear each other",
         { timeout: 180000, rtc: "p2p_max 0;" }, async (s) =>
{
    const tabs = await join(s, "both", ["ann", "bob"]);

    tabs.push(...await join(s, "both", ["fox"], {}, "firefox"));

    await allSee(tabs, { via: "sfu", frames: 20, timeout: 60000 });
    assert.deepEqual(await codecs(tabs[0]), ["VP8"]);
});


for (const range of [false, true]) {

    scenario(`four workers, ${range ? "a port for each" : "one port"}`,
             { workers: 4, range, rtc: "p2p_max 0;" }, async (s) =>
    {
        const one = await join(s, "one", ["a1", "a2"]);
        const two = await join(s, "two", ["b1", "b2"]);

        await Promise.all([allSee(one, { frames: 20 }),
                           allSee(two, { frames: 20 })]);

        const status = await s.nginx.status();
        const homes = new Set(status.rooms.map((room) => room.worker));

        assert.equal(homes.size, 2, "rooms are in different workers");

        if (range) {
            assert.equal(status.counters.datagrams_crossed, 0);
        }
    });
}


scenario("the pages and the signaling over TLS", { ssl: true },
         async (s) =>
{
    const tabs = await join(s, "tls", ["ann", "bob"], { mode: "sfu" });

    await allSee(tabs, { via: "sfu" });
});


scenario("a publisher that loses a tenth of its packets freezes nobody, a"
         + " late joiner sees a picture at once",
         { timeout: 180000, rtc: "p2p_max 0;" }, async (s) =>
{
    const tabs = await join(s, "loss", ["ann", "bob"]);

    await allSee(tabs);

    s.lose({ toServer: 10 });
    await watch(tabs[1]);

    /* 30 seconds of pictures */

    await sees(tabs[1], ["ann"], { frames: 15 * 28, timeout: 60000 });

    assertGaps(await gaps(tabs[1]), 1000, "10 % loss");

    const [late] = await join(s, "loss", ["late"], { video: "0" });
    const joined = performance.now();

    await late.until(async () => (await demo.stats()).ann?.framesDecoded > 0,
                     "a picture");

    const first = performance.now() - joined;

    assert.ok(first < 1000, `the first picture after ${first} ms`);

    const { counters } = await s.nginx.status();

    assert.ok(counters.nacks_sent > 0 && counters.rtx_received > 0,
              "lost packets came again");
});


scenario("signaling comes back after its connection was lost, media goes on",
         { rtc: "p2p_max 0;" }, async (s) =>
{
    const tabs = await join(s, "resume", ["ann", "bob"]);

    await allSee(tabs);
    await Promise.all(tabs.map(watch));

    const before = await tabs[0].evaluate(() => demo.room.self.id);

    await tabs[0].evaluate(() => demo.room.dropConnection());

    await tabs[0].until(() => demo.room.state === "joined", "joined again");
    await s.until(async () => (await s.nginx.status()).counters.resumed > 0,
                  "resumed");

    assert.equal(await tabs[0].evaluate(() => demo.room.self.id), before,
                 "the same participant");

    await allSee(tabs, { frames: 30 });

    for (const tab of tabs) {
        assertGaps(await gaps(tab), 1000, `${tab.name} sees`);
    }
});
