/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The one error class of the library and the plain words for its codes.
 */

/** @type {Record<string, string>} */
const plain = {
    /* of the server */
    "bad-request": "The server did not understand the request.",
    "unknown-event": "The server does not know this request.",
    "unauthorized": "You need a valid invitation to join this room.",
    "forbidden": "You are not allowed to do this.",
    "not-in-room": "You are not in the room any more.",
    "already-joined": "You have already joined a room.",
    "room-full": "The room is full.",
    "room-locked": "The host has locked the room.",
    "room-not-found": "There is no such room.",
    "user-id-taken": "Somebody with this user id is already in the room.",
    "no-such-user": "This person has left.",
    "no-such-track": "This video or sound is no longer there.",
    "no-such-transport": "The media connection is gone.",
    "wrong-mode": "The room has changed over to the server.",
    "bad-sdp": "The server could not read the browser's media description.",
    "codec-unsupported": "There is no media format that all can use.",
    "resume-failed": "The session could not be continued.",
    "too-many": "There are too many of these at once.",
    "draining": "The server is about to restart. Try again in a moment.",
    "room-moved": "The room has moved to another server.",
    "sfu-unavailable": "The server cannot carry media at the moment.",
    "internal": "Something went wrong on the server.",

    /* of the library */
    "connect-failed": "The server cannot be reached.",
    "connection-lost": "The connection to the server was lost.",
    "session-lost": "The connection was renewed; please try again.",
    "timeout": "The server did not answer in time.",
    "closed": "The call has ended.",
    "replaced": "You have joined from another window or device.",
    "kicked": "You have been removed from the room.",
    "token-expired": "Your invitation has expired.",
    "room-closed": "The host has ended the call.",
    "locked": "The host has muted you.",

    /* of devices */
    "permission-denied":
        "The browser may not use it. Allow it in the address bar and try"
        + " again.",
    "cancelled": "Nothing was chosen.",
    "no-device": "No such device was found. Is it plugged in?",
    "device-busy": "The device is in use by another program.",
    "device-lost": "The device has been unplugged.",
    "overconstrained": "The device cannot deliver what was asked of it.",
    "insecure-context":
        "Camera and microphone work on https:// pages and on localhost only.",
    "not-supported": "This browser cannot do that.",
};


/**
 * Every error that the library throws or emits.  `code` is one of the
 * server's codes or of the library's own (see the README).
 */
export class RtcError extends Error {
    /**
     * @param {string} code
     * @param {string} [message]
     * @param {{cause?: any, event?: string}} [options]
     */
    constructor(code, message, options = {}) {
        super(message || plain[code] || code);

        this.name = "RtcError";

        /** @type {string} */
        this.code = code;

        /** @type {string|undefined}  the request that failed */
        this.event = options.event;

        if (options.cause !== undefined) {
            /** @type {any} */
            this.cause = options.cause;
        }
    }
}


/**
 * An error in plain words, for people.
 *
 * @param {any} error  an RtcError, or anything else that was thrown
 * @returns {string}
 */
export function describeError(error) {
    const code = error?.code;

    if (typeof code === "string" && plain[code]) {
        if (code === "permission-denied" || code === "no-device"
            || code === "device-busy")
        {
            /* these name the device */
            return error.message;
        }

        return plain[code];
    }

    return error?.message || String(error);
}


/**
 * Makes an RtcError of anything.
 *
 * @param {any} error
 * @param {string} [code]
 * @returns {RtcError}
 */
export function toRtcError(error, code = "internal") {
    if (error instanceof RtcError) {
        return error;
    }

    return new RtcError(code, error?.message, { cause: error });
}
