/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The page: from the lobby to the call and back, the keys, and what tests
 * look at (window.demo).
 */

import { describeError, openCamera, openMicrophone } from "../../src/index.js";
import { Call } from "./call.js";
import { toast } from "./dom.js";
import { Lobby } from "./lobby.js";
import { readParams } from "./params.js";

const params = readParams(location.search);
const lobby = new Lobby(params);

/** @type {Call|null} */
let call = null;


/** @param {import("./lobby.js").Choice} choice */
async function enter(choice) {
    const next = new Call(choice, params);

    next.onleft = (note) => {
        if (call === next) {
            call = null;
            lobby.show({ note });
        }
    };

    call = next;

    try {
        await next.start();

    } catch (error) {
        call = null;
        throw error;
    }
}


/** Joins without the lobby: ?join=1. */
async function enterAtOnce() {
    /**
     * @param {boolean} wanted
     * @param {() => Promise<MediaStreamTrack>} open
     */
    const attempt = async (wanted, open) => {
        try {
            return wanted ? await open() : null;

        } catch (error) {
            toast(describeError(error), { bad: true });
            return null;
        }
    };

    const [camera, microphone] = await Promise.all([
        attempt(params.video !== null, () => openCamera(params.video ?? {})),
        attempt(params.audio, () => openMicrophone()),
    ]);

    try {
        await enter({
            room: params.room, name: params.name, camera, microphone,
            cameraId: "", microphoneId: "",
            cameraOn: camera !== null, microphoneOn: microphone !== null,
        });

    } catch (error) {
        camera?.stop();
        microphone?.stop();
        lobby.show({ note: describeError(error) });
    }
}


addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);

    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat
        || target.closest?.("input, select, textarea, dialog[open]"))
    {
        if (event.key === "Escape" && target.closest?.("#chat")) {
            call?.toggleChat(false);
        }

        return;
    }

    const key = event.key.toLowerCase();

    if (document.body.dataset.view === "lobby") {
        if (key === "m") {
            lobby.toggleMicrophone();

        } else if (key === "v") {
            lobby.toggleCamera();
        }

        return;
    }

    const { room } = call ?? {};

    /** @type {Record<string, (() => void)|undefined>} */
    const keys = {
        m: () => call?.toggleMicrophone(),
        v: () => call?.toggleCamera(),
        s: () => call?.toggleShare(),
        c: () => call?.toggleChat(),
        i: () => call?.toggleStats(),
        l: () => call?.copyLink(),
        d: () => call?.openSettings(),
        q: () => room?.leave(),
        "?": () => call?.openSettings(),
    };

    if (keys[key]) {
        event.preventDefault();
        keys[key]?.();
    }
});


/*
 * For tests: the room, and what was decoded of each remote user, p2p and sfu
 * together; these sums never fall.
 */

/** @type {any} */ (globalThis).demo = {
    params,

    get room() {
        return call?.room ?? null;
    },

    get call() {
        return call;
    },

    async stats() {
        /** @type {Record<string, any>} */
        const users = {};

        if (!call) {
            return users;
        }

        const stats = await call.room.getStats();

        for (const participant of stats.participants) {
            users[participant.userId] = participant;
        }

        return users;
    },

    fullStats: () => call?.room.getStats() ?? null,
};


lobby.onjoin = enter;

if (params.join && params.room) {
    lobby.show({ quiet: true });
    enterAtOnce();

} else {
    lobby.show();
}
