/*
 * Copyright (C) nginx-rtc-module authors
 *
 * What this client sends: its tracks, muting, devices, the screen.  How they
 * get to the others is the business of the p2p mesh and the SFU connection.
 */

import { RtcError, toRtcError } from "../errors.js";
import { openCamera, openMicrophone, openScreen } from "../media.js";
import { mediaStateOf } from "./participant.js";

/** @typedef {import("../types.js").MediaState} MediaState */
/** @typedef {import("../types.js").PublishOptions} PublishOptions */
/** @typedef {import("../types.js").Publication} Publication */
/** @typedef {import("../types.js").ParticipantInfo} ParticipantInfo */
/** @typedef {import("../media.js").CameraOptions} CameraOptions */
/** @typedef {import("../media.js").MicrophoneOptions} MicrophoneOptions */
/** @typedef {import("../media.js").ScreenOptions} ScreenOptions */

/**
 * A track that this client sends.
 *
 * @implements {Publication}
 */
export class LocalTrack {
    /** @type {string} */
    source;

    /** @type {"audio"|"video"} */
    kind;

    /** @type {MediaStreamTrack|null}  null while a camera is off */
    mediaStreamTrack;

    /** @type {MediaStream}  with this track only; for a preview */
    mediaStream;

    /** @type {PublishOptions} */
    options;

    /** @type {string|undefined}  the server's id, in sfu mode */
    id = undefined;

    muted = false;

    /** Whether a host has muted it for good. */
    locked = false;

    /** @type {(() => Promise<MediaStreamTrack>)|null} opens the device anew */
    reopen = null;

    /** @type {() => void} */
    onended = () => { };

    /**
     * @param {string} source
     * @param {"audio"|"video"} kind
     * @param {MediaStreamTrack|null} track
     * @param {PublishOptions} options
     */
    constructor(source, kind, track, options) {
        this.source = source;
        this.kind = kind;
        this.options = options;
        this.mediaStream = new globalThis.MediaStream();
        this.mediaStreamTrack = null;
        this.replace(track);
    }

    /** @param {MediaStreamTrack|null} track */
    replace(track) {
        const previous = this.mediaStreamTrack;

        if (previous === track) {
            return;
        }

        this.mediaStreamTrack = track;

        if (track) {
            this.mediaStream.addTrack(track);
            track.addEventListener("ended", this.#ended);
        }

        if (previous) {
            this.mediaStream.removeTrack(previous);
            previous.removeEventListener("ended", this.#ended);
        }
    }

    /** Stops the device. */
    stop() {
        const track = this.mediaStreamTrack;

        this.replace(null);
        track?.stop();
    }

    #ended = () => this.onended();
}


/**
 * @typedef {object} LocalHost  what the room does for its local participant
 * @property {() => Promise<any>} sync
 *     makes the connections send what is published
 * @property {(event: string, data: any) => Promise<any>} request
 * @property {() => boolean} joined
 * @property {(track: LocalTrack) => void} added
 * @property {(track: LocalTrack, reason: string) => void} removed
 * @property {(track: LocalTrack) => void} changed
 * @property {(error: RtcError) => void} failed
 */

/**
 * This client, in the room.
 */
export class LocalParticipant {
    id = "";
    userId = "";
    name = "";

    /** @type {any} */
    metadata = undefined;

    /** @type {import("../types.js").Role} */
    role = "participant";

    joinedAt = "";
    online = true;
    isLocal = true;
    level = 0;

    /** @type {{score?: number, rtt?: number, loss?: number,
     *     bitrate?: number}} */
    quality = {};

    /** @type {Map<string, LocalTrack>}  by source */
    tracks = new Map();

    #host;

    /** @type {MediaState["quality"]} */
    #quality = "high";

    /** @type {MediaState|null}  what the server knows */
    #told = null;

    /** How often that was replaced by what a join said. */
    #joins = 0;

    /** Whether the room is over: no device may be opened any more. */
    #over = false;

    /** @param {LocalHost} host */
    constructor(host) {
        this.#host = host;
    }

    get displayName() {
        return this.name || this.userId;
    }

    /** @returns {MediaState} */
    get mediaState() {
        /** @param {string} source */
        const on = (source) => {
            const track = this.tracks.get(source);

            return Boolean(track && !track.muted);
        };

        return { video: on("camera"), audio: on("microphone"),
                 screenShare: this.tracks.has("screen"),
                 quality: this.#quality };
    }

    /** @param {string} source */
    isMuted(source) {
        return this.tracks.get(source)?.muted ?? true;
    }

    /** @param {Partial<ParticipantInfo>} info */
    update(info) {
        this.id = info.id ?? this.id;
        this.userId = info.userId ?? this.userId;
        this.name = info.name ?? this.name;
        this.role = info.role ?? this.role;
        this.joinedAt = info.joinedAt ?? this.joinedAt;

        if ("metadata" in info) {
            this.metadata = info.metadata;
        }
    }

    /**
     * The server knows this state now, from a join.
     *
     * @param {MediaState} state
     */
    told(state) {
        this.#told = mediaStateOf(state);
        this.#joins++;
    }

    /**
     * @param {MediaStreamTrack} track
     * @param {{source?: string, reopen?: () => Promise<MediaStreamTrack>}
     *     & PublishOptions} [options]
     * @returns {Promise<LocalTrack>}
     */
    async publish(track, options = {}) {
        const { source, reopen, ...rest } = options;
        const kind = /** @type {"audio"|"video"} */ (track.kind);
        const name = source ?? (kind === "video" ? "camera" : "microphone");

        if (this.tracks.has(name)) {
            await this.unpublish(name);
        }

        if (this.#over) {
            /* left while the browser was asking for a permission */
            track.stop();
            throw new RtcError("closed");
        }

        const local = new LocalTrack(name, kind, track, rest);

        local.reopen = reopen ?? null;
        local.onended = () => this.#ended(local);

        if (rest.muted) {
            local.muted = true;
            this.#silence(local);
        }

        this.tracks.set(name, local);
        this.#host.added(local);

        try {
            await this.#host.sync();

        } catch (error) {
            if (this.tracks.get(name) === local) {
                this.tracks.delete(name);
                local.stop();
                this.#host.removed(local, "failed");
                this.#host.sync().catch(() => { });
            }

            throw toRtcError(error);
        }

        await this.tellState();

        return local;
    }

    /**
     * @param {CameraOptions & PublishOptions} [options]
     */
    async publishCamera(options = {}) {
        const { maxBitrate, maxFramerate, simulcast, codec, muted,
                ...camera } = options;
        const reopen = () => openCamera(camera);

        return this.publish(await reopen(), {
            source: "camera", reopen,
            maxBitrate, maxFramerate, simulcast, codec, muted,
        });
    }

    /**
     * @param {MicrophoneOptions & PublishOptions} [options]
     */
    async publishMicrophone(options = {}) {
        const { maxBitrate, muted, ...microphone } = options;
        const reopen = () => openMicrophone(microphone);

        return this.publish(await reopen(), {
            source: "microphone", reopen, maxBitrate, muted,
        });
    }

    /**
     * @param {ScreenOptions & PublishOptions} [options]
     */
    async startScreenShare(options = {}) {
        const { maxBitrate, codec, ...screen } = options;
        const { video, audio } = await openScreen(screen);

        try {
            await this.publish(video, {
                source: "screen", maxBitrate, codec,
            });

            if (audio) {
                await this.publish(audio, { source: "screen-audio" });
            }

            await this.#host.request("start-screen-share", {});

        } catch (error) {
            video.stop();
            audio?.stop();
            await this.stopScreenShare();
            throw error;
        }

        return this.tracks.get("screen") ?? null;
    }

    /**
     * @param {string} [reason]
     */
    async stopScreenShare(reason = "unpublished") {
        const shared = this.tracks.has("screen");

        if (!shared && !this.tracks.has("screen-audio")) {
            return;
        }

        this.#remove("screen", reason);
        this.#remove("screen-audio", reason);

        await Promise.all([
            this.#host.sync(),
            shared && this.#host.joined()
                && this.#host.request("stop-screen-share", {}),
        ]);
    }

    /**
     * @param {string} source
     * @param {string} [reason]
     */
    async unpublish(source, reason = "unpublished") {
        if (source === "screen") {
            await this.stopScreenShare(reason);
            return;
        }

        if (this.#remove(source, reason)) {
            await this.#host.sync();
            await this.tellState();
        }
    }

    /**
     * Mutes or unmutes a source.  A muted camera is switched off.
     *
     * @param {string} source
     * @param {boolean} muted
     */
    async setMuted(source, muted) {
        const local = this.tracks.get(source);

        if (!local || local.muted === muted) {
            return;
        }

        if (!muted && local.locked) {
            throw new RtcError("locked");
        }

        local.muted = muted;

        try {
            if (muted) {
                this.#silence(local);

            } else if (local.mediaStreamTrack) {
                local.mediaStreamTrack.enabled = true;

            } else if (local.reopen) {
                const track = await local.reopen();

                if (this.tracks.get(source) !== local || local.muted) {
                    track.stop();
                    return;
                }

                local.replace(track);
            }

        } catch (error) {
            local.muted = true;
            throw error;
        }

        this.#host.changed(local);
        await this.#host.sync();

        try {
            await this.tellState();

        } catch (error) {
            if (!muted && toRtcError(error).code === "forbidden") {
                local.locked = true;
                this.forceMute(source, true);
            }

            throw error;
        }
    }

    /**
     * A host has muted us, or let us speak again.
     *
     * @param {string} source
     * @param {boolean} locked
     */
    forceMute(source, locked) {
        const local = this.tracks.get(source);

        if (!local) {
            return;
        }

        local.locked = locked;

        if (!local.muted) {
            local.muted = true;
            this.#silence(local);
            this.#host.sync().catch(() => { });
            this.tellState().catch(() => { });
        }

        this.#host.changed(local);
    }

    /**
     * Uses another camera or microphone for a source.
     *
     * @param {"camera"|"microphone"} source
     * @param {string} deviceId
     * @param {CameraOptions & MicrophoneOptions} [options]
     */
    async switchDevice(source, deviceId, options = {}) {
        const local = this.tracks.get(source);
        const reopen = source === "camera"
                       ? () => openCamera({ ...options, deviceId })
                       : () => openMicrophone({ ...options, deviceId });

        if (!local) {
            return;
        }

        local.reopen = reopen;

        if (local.muted && !local.mediaStreamTrack) {
            return;
        }

        /* phones cannot open two cameras at once */
        const previous = local.mediaStreamTrack;

        if (source === "camera") {
            previous?.stop();
        }

        let track;

        try {
            track = await reopen();

        } catch (error) {
            if (source === "camera") {
                await this.setMuted(source, true);
            }

            throw error;
        }

        if (this.tracks.get(source) !== local) {
            track.stop();
            return;
        }

        track.enabled = !local.muted;
        local.replace(track);
        previous?.stop();
        this.#host.changed(local);
        await this.#host.sync();
    }

    /**
     * @param {MediaState["quality"]} quality
     */
    async setQuality(quality) {
        this.#quality = quality;
        await this.tellState();
    }

    /** Tells the server what has changed of the media state. */
    async tellState() {
        if (!this.#host.joined()) {
            return;
        }

        const { screenShare: _, ...state } = this.mediaState;
        const told = this.#told;

        /** @type {Partial<MediaState>} */
        const changes = {};

        for (const [key, value] of Object.entries(state)) {
            if (!told || told[/** @type {"video"} */ (key)] !== value) {
                changes[/** @type {"video"} */ (key)]
                    = /** @type {any} */ (value);
            }
        }

        if (Object.keys(changes).length === 0) {
            return;
        }

        const joins = this.#joins;

        this.#told = this.mediaState;

        try {
            await this.#host.request("media-state", changes);

        } catch (error) {
            if (joins === this.#joins) {
                /* told again with the next change, whatever came since */

                for (const key of Object.keys(changes)) {
                    this.#told = { .../** @type {MediaState} */ (this.#told),
                                   [key]: /** @type {any} */ (told)?.[key] };
                }
            }

            throw error;
        }
    }

    /** Stops all devices, for good. */
    stopAll() {
        this.#over = true;

        for (const source of [...this.tracks.keys()]) {
            this.#remove(source, "left");
        }
    }

    /** @param {LocalTrack} local */
    #silence(local) {
        if (local.kind === "video" && local.reopen) {
            /* the light of the camera goes out */
            local.stop();

        } else if (local.mediaStreamTrack) {
            local.mediaStreamTrack.enabled = false;
        }
    }

    /**
     * @param {string} source
     * @param {string} reason
     */
    #remove(source, reason) {
        const local = this.tracks.get(source);

        if (!local) {
            return false;
        }

        this.tracks.delete(source);
        local.stop();
        this.#host.removed(local, reason);

        return true;
    }

    /**
     * The browser has ended a track: "stop sharing", or an unplugged device.
     *
     * @param {LocalTrack} local
     */
    async #ended(local) {
        if (this.tracks.get(local.source) !== local) {
            return;
        }

        try {
            if (local.source.startsWith("screen")) {
                await this.stopScreenShare("stopped-by-browser");
                return;
            }

            if (local.reopen) {
                try {
                    const previous = local.mediaStreamTrack;
                    const track = await local.reopen();

                    if (this.tracks.get(local.source) !== local
                        || local.mediaStreamTrack !== previous)
                    {
                        /* unpublished, muted or replaced meanwhile */
                        track.stop();
                        return;
                    }

                    track.enabled = !local.muted;
                    local.replace(track);
                    this.#host.changed(local);
                    await this.#host.sync();
                    return;

                } catch (error) {
                    this.#host.failed(new RtcError("device-lost", undefined,
                                                   { cause: error }));
                }
            }

            await this.unpublish(local.source, "device-lost");

        } catch (error) {
            this.#host.failed(toRtcError(error));
        }
    }
}
