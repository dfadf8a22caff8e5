/*
 * Copyright (C) nginx-rtc-module authors
 *
 * What the page's address asks for.  Most of it is for tests:
 * ?room=x&name=y&join=1&video=320x180@15&audio=1&user=id
 */

/**
 * @typedef {object} Params
 * @property {string} room
 * @property {string} name
 * @property {string} user
 * @property {boolean} join       join at once
 * @property {{width: number, height: number, frameRate: number}|null} video
 *     null: without a camera
 * @property {boolean} audio
 * @property {string} codec
 * @property {"p2p"|"sfu"|""} mode
 * @property {boolean} relay      through TURN only
 * @property {boolean} stats
 * @property {boolean} simulcast
 * @property {number} bitrate     of the camera, bits per second
 * @property {string} token
 * @property {boolean} debug
 */

/**
 * @param {string} query
 * @returns {Params}
 */
export function readParams(query) {
    const q = new URLSearchParams(query);

    /** @param {string} key @param {boolean} fallback */
    const flag = (key, fallback) => {
        const value = q.get(key);

        return value === null ? fallback
               : value !== "0" && value !== "false" && value !== "no";
    };

    const video = { width: 1280, height: 720, frameRate: 30 };
    const size = /^(\d+)x(\d+)(?:@(\d+))?$/.exec(q.get("video") ?? "");

    if (size) {
        video.width = Number(size[1]);
        video.height = Number(size[2]);
        video.frameRate = Number(size[3] ?? 30);
    }

    const mode = q.get("mode");

    return {
        room: (q.get("room") ?? "").slice(0, 128),
        name: (q.get("name") ?? "").slice(0, 60),
        user: (q.get("user") ?? "").slice(0, 128),
        join: flag("join", false),
        video: flag("video", true) ? video : null,
        audio: flag("audio", true),
        codec: q.get("codec") ?? "",
        mode: mode === "sfu" ? "sfu" : "",
        relay: flag("relay", false),
        stats: flag("stats", false),
        simulcast: flag("simulcast", false),
        bitrate: Number(q.get("bitrate") ?? 0) || 0,
        token: q.get("token") ?? "",
        debug: flag("debug", false),
    };
}


/** A room name that is easy to say. */
export function suggestRoom() {
    const first = ["blue", "calm", "early", "green", "kind", "light", "loud",
                   "quick", "quiet", "red", "sunny", "warm"];
    const second = ["bridge", "cloud", "forest", "garden", "harbor", "hill",
                    "lake", "meadow", "river", "street", "tower", "valley"];

    /** @param {string[]} words */
    const pick = (words) => words[Math.floor(Math.random() * words.length)];

    return `${pick(first)}-${pick(second)}-`
           + `${100 + Math.floor(Math.random() * 900)}`;
}


/**
 * The address of signaling, from the page's own.
 *
 * @param {string} here
 */
export function signalingUrl(here) {
    const given = document.querySelector('meta[name="rtc-url"]')
                  ?.getAttribute("content");
    const url = new URL(given || "/rtc", here);

    url.protocol = url.protocol.replace("http", "ws");
    url.search = "";
    url.hash = "";

    return url.href;
}
