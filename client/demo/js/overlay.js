/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Statistics on the tiles and in total.
 */

/** @typedef {import("../../src/stats.js").RoomStats} RoomStats */
/** @typedef {import("../../src/stats.js").TrackStats} TrackStats */

/** @param {number} bps */
export function bitrate(bps) {
    if (bps >= 1e6) {
        return `${(bps / 1e6).toFixed(2)} Mbit/s`;
    }

    return `${Math.round(bps / 1000)} kbit/s`;
}


/** @param {number} rate */
function percent(rate) {
    return `${(rate * 100).toFixed(1)} %`;
}


/**
 * @param {TrackStats} t
 * @returns {string}
 */
function line(t) {
    if (t.kind === "audio") {
        return `${t.codec || "audio"} ${t.via}  ${bitrate(t.bitrate)}`
               + `  loss ${percent(t.lossRate)}  jitter ${t.jitter} ms`;
    }

    const freezes = t.freezes ? `  freezes ${t.freezes}` : "";

    return `${t.codec || "video"} ${t.via}  ${t.width}×${t.height}`
           + ` ${Math.round(t.fps)} fps  ${bitrate(t.bitrate)}\n`
           + `loss ${percent(t.lossRate)}  jitter ${t.jitter} ms`
           + `  rtt ${t.rtt} ms${freezes}`;
}


/**
 * The lines for one remote tile.
 *
 * @param {RoomStats} stats
 * @param {string} userId
 * @param {string} source
 */
export function tileLines(stats, userId, source) {
    const participant = stats.participants.find((p) => p.userId === userId);
    const screen = source === "screen";

    return (participant?.tracks ?? [])
        .filter((t) => t.source.startsWith("screen") === screen)
        .map(line).join("\n") || "no media";
}


/**
 * The lines for a tile of our own.
 *
 * @param {RoomStats} stats
 * @param {string} source
 */
export function ownLines(stats, source) {
    const screen = source === "screen";

    /** @type {Map<string, import("../../src/stats.js").LocalTrackStats[]>} */
    const groups = new Map();

    for (const t of stats.local) {
        if (t.source.startsWith("screen") === screen) {
            const key = [t.source, t.via, t.rid, t.codec].join(" ");

            groups.set(key, [...(groups.get(key) ?? []), t]);
        }
    }

    return [...groups.values()].map((same) => {
        const [t] = same;
        const sum = same.reduce((n, s) => n + s.bitrate, 0);
        const times = same.length > 1 ? ` to ${same.length}` : "";
        const name = `↑ ${t.codec || t.kind} ${t.via}${t.rid && " "}${t.rid}`
                     + times;

        if (t.kind === "audio") {
            return `${name}  ${bitrate(sum)}`;
        }

        const limit = t.limitedBy !== "none" ? `  (${t.limitedBy})` : "";

        return `${name}  ${t.width}×${t.height} ${Math.round(t.fps)} fps`
               + `  ${bitrate(sum)}${limit}`;

    }).join("\n") || "nothing sent";
}


/**
 * @param {RoomStats} stats
 * @param {string} mode
 */
export function totalLines(stats, mode) {
    const { total, connections } = stats;
    const lines = [
        `mode ${mode}, media by ${stats.via}`,
        `in ${bitrate(total.recvBitrate)}   out ${bitrate(total.sendBitrate)}`
        + `   ${total.framesDecoded} frames decoded`,
    ];

    for (const c of connections) {
        const room = c.availableSendBitrate
                     ? `  room ${bitrate(c.availableSendBitrate)}` : "";

        lines.push(`${c.id.length > 24 ? `${c.id.slice(0, 23)}…` : c.id}`
                   + `  ${c.state}  rtt ${c.rtt} ms${room}`
                   + (c.path && `  ${c.path}`));
    }

    return lines.join("\n");
}
