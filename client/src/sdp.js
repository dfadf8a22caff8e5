/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The little that the library reads from and writes into SDP: which m-line
 * sends what, and under which stream id.  No parser for anything else.
 */

/**
 * @typedef {object} Section
 * @property {string} mid
 * @property {"audio"|"video"|"application"} kind
 * @property {"sendrecv"|"sendonly"|"recvonly"|"inactive"} direction
 * @property {boolean} rejected
 * @property {string} streamId  "" when there is none
 */

/**
 * @param {string} sdp
 * @returns {string[]} the session part, then one string for each m-line
 */
function split(sdp) {
    return sdp.split(/\r?\n(?=m=)/);
}


/**
 * The m-lines of a description, in their order.
 *
 * @param {string} sdp
 * @returns {Section[]}
 */
export function sections(sdp) {
    const [session, ...parts] = split(sdp);
    const fallback = direction(session) ?? "sendrecv";

    return parts.map((part) => {
        const m = /^m=(\w+) (\d+)/.exec(part);
        const msid = /^a=msid:(\S+)/m.exec(part);

        return {
            mid: /^a=mid:(\S+)/m.exec(part)?.[1] ?? "",
            kind: /** @type {Section["kind"]} */ (m?.[1] ?? "application"),
            direction: direction(part) ?? fallback,
            rejected: m?.[2] === "0" && !/^a=bundle-only/m.test(part),
            streamId: msid && msid[1] !== "-" ? msid[1] : "",
        };
    });
}


/**
 * @param {string} part
 * @returns {Section["direction"]|undefined}
 */
function direction(part) {
    return /** @type {any} */ (
        /^a=(sendrecv|sendonly|recvonly|inactive)\s*$/m.exec(part)?.[1]);
}


/** @param {Section} section */
export function sends(section) {
    return !section.rejected
           && (section.direction === "sendrecv"
               || section.direction === "sendonly");
}


/** @param {Section} section */
export function receives(section) {
    return !section.rejected
           && (section.direction === "sendrecv"
               || section.direction === "recvonly");
}


/**
 * Names the streams of a description that is about to be sent: browsers
 * choose stream ids themselves, and a receiver without our `tracks` tells a
 * screen from a camera by "~screen".
 *
 * @param {string} sdp
 * @param {Record<string, string>} streams  mid → stream id
 * @returns {string}
 */
export function nameStreams(sdp, streams) {
    const [session, ...parts] = split(sdp);

    const named = parts.map((part) => {
        const mid = /^a=mid:(\S+)/m.exec(part)?.[1] ?? "";
        const stream = streams[mid];

        if (!stream) {
            return part;
        }

        const track = /^a=msid:\S+ (\S+)/m.exec(part)?.[1]
                      ?? `${stream}-${mid}`;

        const lines = part.split(/\r?\n/).filter((line) => {
            return !/^a=msid:/.test(line)
                   && !/^a=ssrc:\d+ (msid|mslabel|label):/.test(line);
        });

        const at = lines.findIndex((line) => line.startsWith("a=mid:"));

        lines.splice(at + 1, 0, `a=msid:${stream} ${track}`);

        return lines.join("\r\n");
    });

    return [session, ...named].join("\r\n");
}


/**
 * The stream id under which a user's tracks are sent.
 *
 * @param {string} userId
 * @param {string} participantId
 * @param {string} source
 */
export function streamIdOf(userId, participantId, source) {
    const base = /^[A-Za-z0-9._-]{1,56}$/.test(userId) ? userId
                 : participantId;

    return source.startsWith("screen") ? `${base}~screen` : base;
}


/**
 * What an m-line carries when nobody has said so.
 *
 * @param {"audio"|"video"} kind
 * @param {string} streamId
 */
export function sourceOf(kind, streamId) {
    if (streamId.endsWith("~screen")) {
        return kind === "video" ? "screen" : "screen-audio";
    }

    return kind === "video" ? "camera" : "microphone";
}
