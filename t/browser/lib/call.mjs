/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Tabs of the demo page in one room: what each of them sees and hears, and
 * for how long a picture stood still.
 */

import assert from "node:assert/strict";


const small = "320x180@15";


/* the address of the demo page that joins by itself */

export function page(room, user, params = {}) {
    const query = new URLSearchParams({ room, user, name: user, join: "1",
                                        video: small, ...params });

    return `/?${query}`;
}


/*
 * From now on the page notes, ten times a second, how long each remote
 * user's sum of decoded frames stood still at most.  A busy machine may run
 * the page later than that: frames that came between two looks have moved
 * for their own time, at 15 a second.
 */

export function watch(tab) {
    return tab.evaluate(() => {
        const users = {};

        async function sample() {
            try {
                const stats = await demo.stats();
                const now = performance.now();

                for (const [user, { framesDecoded }] of Object.entries(stats)) {
                    const u = users[user] ??= { frames: 0, at: now, gap: 0 };

                    if (framesDecoded > u.frames) {
                        if (u.frames) {
                            const moved = (framesDecoded - u.frames - 1)
                                          * 1000 / 15;

                            u.gap = Math.max(u.gap, now - u.at - moved);
                        }

                        u.frames = framesDecoded;
                        u.at = now;
                    }
                }

            } catch {
                /* between two calls */
            }

            globalThis.watching = setTimeout(sample, 100);
        }

        globalThis.watched = users;
        sample();
    });
}


/* {user: longest standstill in ms}, the one that goes on included */

export function gaps(tab) {
    return tab.evaluate(() => {
        const now = performance.now();

        return Object.fromEntries(Object.entries(watched).map(
            ([user, u]) => [user, Math.round(Math.max(u.gap, now - u.at))]));
    });
}


/*
 * Waits until the tab has decoded so many more frames of each of the users,
 * and heard them: the energy of their audio has grown.
 */

export async function sees(tab, users, { frames = 15, audio = true,
                                         timeout = 30000, via } = {})
{
    const before = await tab.evaluate(() => demo.stats());

    return tab.until(async ({ users, before, frames, audio, via }) => {
        const stats = await demo.stats();

        for (const user of users) {
            const s = stats[user];
            const b = before[user];

            if (!s) {
                return false;
            }

            if (s.framesDecoded < (b?.framesDecoded ?? 0) + frames) {
                return false;
            }

            if (audio && !(s.totalAudioEnergy > (b?.totalAudioEnergy ?? 0))) {
                return false;
            }

            if (via && !s.tracks.some((track) => track.via === via
                                                 && track.framesDecoded))
            {
                return false;
            }
        }

        return true;
    }, `sees ${audio ? "and hears " : ""}${users.join(", ")}`,
       { users, before, frames, audio, via }, timeout);
}


export async function allSee(tabs, options) {
    await Promise.all(tabs.map((tab) =>
        sees(tab, tabs.filter((t) => t !== tab).map((t) => t.name),
             options)));
}


/* opens the tabs of these users one after another, each once it is in */

export async function join(s, room, users, params = {}, open = "chromium") {
    const tabs = [];

    for (const user of users) {
        const tab = await s[open](user, page(room, user, params));

        await tab.until(() => demo.room?.state === "joined", "joined");
        tabs.push(tab);
    }

    return tabs;
}


export async function mode(tab, expected, timeout) {
    await tab.until((expected) => demo.room?.mode === expected,
                    `room is ${expected}`, expected, timeout);
}


/* the codecs of the pictures a tab receives */

export async function codecs(tab) {
    const stats = await tab.evaluate(() => demo.stats());

    return [...new Set(Object.values(stats).flatMap((user) =>
        user.tracks.filter((track) => track.kind === "video")
            .map((track) => track.codec.toUpperCase())))];
}


export function assertGaps(found, limit, what) {
    for (const [user, gap] of Object.entries(found)) {
        assert.ok(gap <= limit, `${what}: ${user} stood still for ${gap} ms`);
    }
}
