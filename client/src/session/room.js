/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The room: join and leave, who is there, what is shown, both modes and the
 * turn between them, moderation, messages.  The one class a page needs.
 */

import { WebSocketChannel } from "../channel.js";
import { Emitter } from "../emitter.js";
import { RtcError, toRtcError } from "../errors.js";
import { P2pMesh } from "../p2p.js";
import { SfuConnection } from "../sfu.js";
import { Signaling } from "../signaling.js";
import { StatsCollector } from "../stats.js";
import { silentLogger, systemClock } from "../util.js";
import { FeedSelector } from "./feeds.js";
import { LocalParticipant, LocalTrack } from "./local.js";
import { RemoteParticipant, RemoteTrack } from "./participant.js";
import { ModeTurn } from "./turn.js";

/** @typedef {import("../types.js").MediaState} MediaState */
/** @typedef {import("../types.js").Mode} Mode */
/** @typedef {import("../types.js").ParticipantInfo} ParticipantInfo */
/** @typedef {import("../types.js").PublishOptions} PublishOptions */
/** @typedef {import("../types.js").Role} Role */
/** @typedef {import("../types.js").RoomInfo} RoomInfo */
/** @typedef {import("../types.js").TrackInfo} TrackInfo */
/** @typedef {import("../types.js").JoinAnswer} JoinAnswer */
/** @typedef {import("../types.js").FeedInfo} FeedInfo */
/** @typedef {import("../media.js").CameraOptions} CameraOptions */
/** @typedef {import("../media.js").MicrophoneOptions} MicrophoneOptions */
/** @typedef {import("../media.js").ScreenOptions} ScreenOptions */
/** @typedef {RemoteParticipant|LocalParticipant} AnyParticipant */

/**
 * @typedef {object} RoomOptions
 * @property {string|URL} [url]
 *     of the server's `rtc_signaling`, e.g. "wss://example.com/rtc"
 * @property {() => import("../types.js").Channel} [connect]
 *     makes the connection instead of a WebSocket to `url`
 * @property {string} roomId
 * @property {string} [userId]    the server makes one when absent
 * @property {string} [name]      for people
 * @property {any} [metadata]     any JSON, for the page
 * @property {Role} [role]        may only lower what one has
 * @property {string|(() => string|Promise<string>)} [token]
 * @property {Mode} [mode]        "sfu": never peer to peer
 * @property {boolean} [autoSubscribe]  receive all tracks, default true
 * @property {string} [type]            for a room that this join creates
 * @property {number} [maxParticipants]
 * @property {boolean} [isPublic]
 * @property {any} [roomMetadata]
 * @property {RTCIceServer[]} [iceServers]  besides those of the server
 * @property {RTCIceTransportPolicy} [iceTransportPolicy]
 * @property {import("../signaling.js").SignalingOptions} [signaling]
 * @property {import("../types.js").Logger} [logger]
 * @property {any} [PeerConnection]  for tests
 * @property {any} [WebSocket]       for tests
 * @property {import("../types.js").Clock} [clock]  for tests
 */

/**
 * @typedef {object} TrackEvent
 * @property {RemoteTrack} remoteTrack
 * @property {MediaStreamTrack} track
 * @property {MediaStream} mediaStream  for srcObject; stays the same object
 * @property {RemoteParticipant} participant
 * @property {string} source
 * @property {"audio"|"video"} kind
 */

/**
 * @typedef {"joining"|"joined"|"reconnecting"|"left"} RoomState
 */

/**
 * @typedef {object} RoomEvents
 * @property {{state: RoomState|"new"}} state
 * @property {{attempt: number, delay: number}} reconnecting
 *     signaling was lost; media goes on
 * @property {{resumed: boolean}} reconnected
 * @property {{reason: string, error: RtcError}} left
 *     the room is over for us; reason is "left" or an error code
 * @property {{participant: RemoteParticipant}} participantJoined
 * @property {{participant: RemoteParticipant, reason: string}}
 *     participantLeft
 * @property {{participant: AnyParticipant}} participantUpdated
 *     name, metadata, role, media state, online
 * @property {TrackEvent} track  a remote track can be shown
 * @property {TrackEvent} trackEnded
 * @property {{remoteTrack: RemoteTrack, participant: RemoteParticipant,
 *     source: string, muted: boolean}} trackMuted
 * @property {{remoteTrack: RemoteTrack, participant: RemoteParticipant,
 *     source: string, via: "p2p"|"sfu"}} trackSwitched
 *     it comes another way now; nothing to do
 * @property {{track: TrackInfo, participant: AnyParticipant}} trackPublished
 * @property {{track: TrackInfo, participant: AnyParticipant}}
 *     trackUnpublished
 * @property {{localTrack: LocalTrack}} localTrack
 * @property {{localTrack: LocalTrack, reason: string}} localTrackEnded
 * @property {{localTrack: LocalTrack}} localTrackChanged
 *     muted, unmuted, another device
 * @property {{userId: string, trackId?: string, by?: string,
 *     locked: boolean}} muted  a host has muted somebody
 * @property {{participant: AnyParticipant}} screenShareStarted
 * @property {{participant: AnyParticipant}} screenShareStopped
 * @property {{speakers: {userId: string, level: number}[]}} activeSpeakers
 * @property {{participant: AnyParticipant, score?: number, rtt?: number,
 *     loss?: number, bitrate?: number}} connectionQuality
 * @property {{mode: Mode, complete: boolean}} modeChanged
 * @property {{state: "connecting"|"connected"|"interrupted"}} mediaState
 *     of all media connections together
 * @property {{participant: AnyParticipant, role: Role}} roleChanged
 * @property {{room: RoomInfo}} roomUpdated
 * @property {{fromUserId: string, data: any}} message
 * @property {{trackId: string, spatialLayer: number, temporalLayer: number,
 *     paused: boolean, reason: string}} trackLayers
 * @property {{trackId: string, mid: string,
 *     layers: {rid: string, wanted: boolean}[]}} publishLayers
 * @property {{trackId: string, code: string}} subscriptionFailed
 * @property {any} draining  the server is about to restart
 * @property {RtcError} error  something failed that nobody waits for
 * @property {{event: string, data: any}} signal
 *     every event of the server, as it came
 */

/* a full join that was refused so is not tried again */
const FATAL = new Set(["unauthorized", "forbidden", "room-full",
                       "room-locked", "room-not-found", "bad-request",
                       "unknown-event"]);


/**
 * @extends {Emitter<RoomEvents>}
 */
export class Room extends Emitter {
    /** @type {RoomState|"new"} */
    state = "new";

    /** @type {RoomInfo|null} */
    info = null;

    /** @type {Map<string, RemoteParticipant>}  the others, by user id */
    participants = new Map();

    /** @type {LocalParticipant}  us */
    self;

    /** @type {Mode} */
    mode = "p2p";

    #options;
    #clock;
    #logger;
    #signaling;
    #feeds;
    #mesh;

    /** @type {SfuConnection|null} */
    #sfu = null;

    #stats;

    /** @type {ModeTurn|null} */
    #turn = null;

    /** @type {(() => void)|null} */
    #unwatch = null;

    /** @type {JoinAnswer["session"]} */
    #session = undefined;

    /** @type {RTCIceServer[]} */
    #iceServers = [];

    /** @type {"connecting"|"connected"|"interrupted"} */
    #mediaState = "connecting";

    #onwake = () => this.#signaling.wake();
    #onhide = () => this.leave();

    /** @param {RoomOptions} options */
    constructor(options) {
        super();

        if (!options.url && !options.connect) {
            throw new RtcError("bad-request", "A room needs a url.");
        }

        const clock = options.clock ?? systemClock;
        const logger = options.logger ?? silentLogger;

        this.#options = options;
        this.#clock = clock;
        this.#logger = logger;

        this.#signaling = new Signaling(options.connect ?? (() => {
            return new WebSocketChannel(/** @type {string} */ (options.url),
                                        { WebSocket: options.WebSocket });
        }), { ...options.signaling, clock });

        this.self = new LocalParticipant({
            sync: () => this.#sync(),
            request: (event, data) => this.#request(event, data),
            joined: () => this.state === "joined"
                          || this.state === "reconnecting",
            added: (localTrack) => this.emit("localTrack", { localTrack }),
            removed: (localTrack, reason) => {
                this.emit("localTrackEnded", { localTrack, reason });
            },
            changed: (localTrack) => {
                this.emit("localTrackChanged", { localTrack });
            },
            failed: (error) => this.emit("error", error),
        });

        this.self.name = options.name ?? "";
        this.self.metadata = options.metadata;

        const common = {
            request: (/** @type {string} */ event, /** @type {any} */ data) =>
                this.#signaling.request(event, data),
            publications: () => this.self.tracks,
            configuration: () => this.#configuration(),
            PeerConnection: options.PeerConnection,
            clock, logger,
        };

        this.#feeds = new FeedSelector({ clock });
        this.#feeds.on("active", (event) => this.#showFeed(event));

        this.#mesh = new P2pMesh({
            ...common,
            self: () => ({ id: this.self.id, userId: this.self.userId }),
        });

        this.#mesh.on("feeds", ({ owner, feeds }) => {
            this.#feeds.set(owner, 1, feeds);
        });

        this.#mesh.on("state", () => this.#updateMediaState());

        this.#makeSfu = () => {
            const sfu = new SfuConnection({
                ...common,
                busy: (owner) => this.#feeds.busy(owner),
            });

            sfu.on("feeds", ({ owner, rank, feeds }) => {
                this.#feeds.set(owner, rank, feeds);
            });

            sfu.on("state", () => this.#updateMediaState());

            sfu.on("published", ({ tracks }) => {
                for (const [source, info] of Object.entries(tracks)) {
                    const local = this.self.tracks.get(source);

                    if (local) {
                        local.id = info.id;
                    }
                }
            });

            sfu.on("rejected", ({ source }) => {
                this.emit("error", new RtcError("codec-unsupported"));
                this.self.unpublish(source, "failed").catch(() => { });
            });

            return sfu;
        };

        this.#stats = new StatsCollector(() => this.#links(), clock);

        this.#signaling.on("event", ({ event, data }) => {
            this.emit("signal", { event, data });
            this.#dispatch(event, data);
        });

        this.#signaling.on("reconnecting", (event) => {
            this.#setState("reconnecting");
            this.emit("reconnecting", event);
        });

        this.#signaling.on("connected", ({ resumed }) => {
            const again = this.state === "reconnecting";

            this.#setState("joined");

            if (again) {
                this.emit("reconnected", { resumed });
            }

            if (again && !resumed) {
                /* what changed while we joined, once that was rejected */
                clock.setTimeout(() => this.#tellState(), 0);
            }
        });

        this.#signaling.on("closed", ({ error }) => this.#end(error));
    }

    /** @type {() => SfuConnection} */
    #makeSfu;

    /**
     * Joins a room.
     *
     * @param {RoomOptions} options
     * @returns {Promise<Room>}
     */
    static async join(options) {
        const room = new Room(options);

        await room.connect();

        return room;
    }

    /**
     * Joins.  For those who made the room by `new Room(options)`, to publish
     * or listen beforehand; `Room.join` does both.
     */
    async connect() {
        if (this.state !== "new") {
            throw new RtcError("already-joined");
        }

        this.#setState("joining");

        await this.#signaling.start((request, first) => {
            return this.#handshake(request, first);
        });

        if (/** @type {string} */ (this.state) === "left") {
            /* by a listener that heard of the join before us */
            throw new RtcError("closed");
        }

        globalThis.addEventListener?.("online", this.#onwake);
        globalThis.addEventListener?.("pagehide", this.#onhide);
        globalThis.document?.addEventListener?.("visibilitychange",
                                                this.#onwake);

        /* what changed while we joined */
        Promise.all([this.#sync(), this.self.tellState()]).catch((error) => {
            this.emit("error", toRtcError(error));
        });
    }

    /** The room's id. */
    get id() {
        return this.#options.roomId;
    }

    /** How many there are, with us. */
    get size() {
        return this.participants.size + (this.state === "new" ? 0 : 1);
    }

    /** Whether we are a host. */
    get isHost() {
        return this.self.role === "host";
    }

    /** @returns {"connecting"|"connected"|"interrupted"} */
    get mediaState() {
        return this.#mediaState;
    }

    /**
     * A participant by user id, also us.
     *
     * @param {string} userId
     * @returns {AnyParticipant|undefined}
     */
    participant(userId) {
        return userId === this.self.userId ? this.self
               : this.participants.get(userId);
    }

    /** Leaves the room, closes everything and stops the devices. */
    leave() {
        if (this.state === "joined") {
            this.#signaling.request("leave-room", {}, { queue: false })
                .catch(() => { });
        }

        this.#signaling.close(new RtcError("closed"));
        this.#end(new RtcError("closed"));
    }

    /**
     * Publishes a track of the page's own.
     *
     * @param {MediaStreamTrack} track
     * @param {{source?: string, reopen?: () => Promise<MediaStreamTrack>}
     *     & PublishOptions} [options]
     *     source: default "camera" or "microphone";
     *     reopen: opens the device again after it was muted or unplugged
     */
    publish(track, options) {
        return this.self.publish(track, options);
    }

    /**
     * Stops sending a source, and the device behind it.
     *
     * @param {string} source
     */
    unpublish(source) {
        return this.self.unpublish(source);
    }

    /**
     * Opens the camera and publishes it.
     *
     * @param {CameraOptions & PublishOptions} [options]
     */
    publishCamera(options) {
        return this.self.publishCamera(options);
    }

    /**
     * Opens the microphone and publishes it.
     *
     * @param {MicrophoneOptions & PublishOptions} [options]
     */
    publishMicrophone(options) {
        return this.self.publishMicrophone(options);
    }

    /**
     * Asks the user for a screen and publishes it.
     *
     * @param {ScreenOptions & PublishOptions} [options]
     */
    startScreenShare(options) {
        return this.self.startScreenShare(options);
    }

    stopScreenShare() {
        return this.self.stopScreenShare();
    }

    /** @param {boolean} muted */
    setMicrophoneMuted(muted) {
        return this.self.setMuted("microphone", muted);
    }

    /** @param {boolean} muted */
    setCameraMuted(muted) {
        return this.self.setMuted("camera", muted);
    }

    /**
     * @param {"camera"|"microphone"} source
     * @param {string} deviceId
     * @param {CameraOptions & MicrophoneOptions} [options]
     */
    switchDevice(source, deviceId, options) {
        return this.self.switchDevice(source, deviceId, options);
    }

    /**
     * Sends a message to all, or to one user.
     *
     * @param {any} data  any JSON
     * @param {string} [to]
     */
    async sendMessage(data, to) {
        await this.#request("message", to === undefined ? { data }
                                       : { data, to });
    }

    /**
     * Changes our name or metadata.
     *
     * @param {{name?: string, metadata?: any}} changes
     */
    async updateSelf(changes) {
        await this.#request("update-self", changes);
        this.self.update(changes);
        this.emit("participantUpdated", { participant: this.self });
    }

    /**
     * Renews the token before it expires.
     *
     * @param {string} token
     */
    async updateToken(token) {
        await this.#request("update-token", { token });
    }

    /**
     * Receives a track, and says how well.
     *
     * @param {string} trackId
     * @param {{paused?: boolean, quality?: MediaState["quality"],
     *     maxWidth?: number, maxHeight?: number, maxFrameRate?: number,
     *     priority?: number}} [options]
     */
    async subscribe(trackId, options = {}) {
        await this.#request("subscribe", { ...options, trackId });
    }

    /** @param {string} trackId */
    async unsubscribe(trackId) {
        await this.#request("unsubscribe", { trackId });
    }

    /**
     * Mutes somebody (hosts).
     *
     * @param {string} userId
     * @param {{kind?: "audio"|"video", trackId?: string,
     *     locked?: boolean}} [options]  locked: they can't unmute
     */
    async mute(userId, options = {}) {
        await this.#request("mute", { ...options, userId });
    }

    /**
     * Removes somebody (hosts).
     *
     * @param {string} userId
     * @param {string} [reason]
     */
    async kick(userId, reason) {
        await this.#request("kick", reason ? { userId, reason }
                                    : { userId });
    }

    /**
     * Changes somebody's role (hosts).
     *
     * @param {string} userId
     * @param {Role} role
     */
    async setRole(userId, role) {
        await this.#request("set-role", { userId, role });
    }

    /** Lets nobody else in (hosts). */
    async lock() {
        await this.#request("lock-room", {});
    }

    /** (hosts) */
    async unlock() {
        await this.#request("unlock-room", {});
    }

    /** Ends the room for all (hosts). */
    async closeRoom() {
        await this.#request("close-room", {});
    }

    /**
     * Changes the room (hosts).
     *
     * @param {{metadata?: any, maxParticipants?: number,
     *     isPublic?: boolean}} changes
     */
    async updateRoom(changes) {
        await this.#request("update-room", changes);
    }

    /**
     * The public rooms of the server.
     *
     * @returns {Promise<RoomInfo[]>}
     */
    async listRooms() {
        return (await this.#request("list-rooms", {})).rooms ?? [];
    }

    /**
     * What the server counts about this session.
     *
     * @returns {Promise<any>}
     */
    getServerStats() {
        return this.#request("get-stats", {});
    }

    /**
     * What the browser counts, summed up.
     *
     * @returns {Promise<import("../stats.js").RoomStats>}
     */
    getStats() {
        return this.#stats.collect();
    }

    /**
     * Sends any event to the server and resolves with its answer.
     *
     * @param {string} event
     * @param {any} [data]
     * @returns {Promise<any>}
     */
    request(event, data) {
        return this.#request(event, data);
    }

    /** Restarts ICE on all connections, e.g. after a change of network. */
    restartIce() {
        for (const link of [...this.#mesh.peers.values(),
                            ...(this.#sfu?.links ?? [])])
        {
            link.restart();
        }
    }

    /** Drops the signaling connection as a lost network would; for tests. */
    dropConnection() {
        this.#signaling.drop();
    }

    /** @returns {import("../stats.js").StatsLink[]} */
    #links() {
        /** @type {import("../stats.js").StatsLink[]} */
        const links = [];

        for (const peer of this.#mesh.peers.values()) {
            links.push({ id: peer.id, via: "p2p", state: peer.state,
                         pc: peer.pc, feeds: peer.feeds,
                         slots: peer.slots });
        }

        for (const link of this.#sfu?.links ?? []) {
            links.push({ id: link.id, via: "sfu", state: link.state,
                         pc: link.pc, feeds: link.feeds,
                         slots: link.slots });
        }

        return links;
    }

    /** @returns {RTCConfiguration} */
    #configuration() {
        const { iceServers = [], iceTransportPolicy } = this.#options;

        return {
            iceServers: [...this.#iceServers, ...iceServers],
            ...(iceTransportPolicy && { iceTransportPolicy }),
        };
    }

    /**
     * @param {string} event
     * @param {any} data
     * @returns {Promise<any>}
     */
    #request(event, data) {
        return this.#signaling.request(event, data);
    }

    /** @returns {Promise<any>} */
    async #sync() {
        if (this.state !== "joined" && this.state !== "reconnecting") {
            return;
        }

        await Promise.all([this.#mesh.sync(), this.#sfu?.sync()]);
    }

    /**
     * @param {(event: string, data: any) => Promise<any>} request
     * @param {boolean} first
     */
    async #handshake(request, first) {
        const { roomId } = this.#options;

        if (!first && this.#session) {
            try {
                const answer = await request("join-room", {
                    roomId, resume: this.#session.resume,
                });

                if (answer.resumed !== false) {
                    this.#resumed(answer);
                    return { resumed: true };
                }

                /* a session that is new all the same */
                this.#startOver();
                this.#joined(answer, this.self.mediaState);
                return { resumed: false };

            } catch (error) {
                const { code } = toRtcError(error);

                if (code === "connection-lost" || code === "timeout"
                    || code === "closed" || code === "draining"
                    || code === "internal" || code === "room-moved")
                {
                    throw error;
                }

                this.#logger.debug(`resumption: ${code}`);
            }

            this.#session = undefined;
        }

        const mediaState = this.self.mediaState;
        let answer;

        try {
            answer = await request("join-room", await this.#joinData(
                mediaState));

        } catch (error) {
            const failure = toRtcError(error);

            if (first || FATAL.has(failure.code)) {
                throw Object.assign(failure, { fatal: true });
            }

            throw failure;
        }

        if (!first) {
            this.#startOver();
        }

        this.#joined(answer, mediaState);

        return { resumed: first };
    }

    /** @param {MediaState} mediaState */
    async #joinData(mediaState) {
        const { roomId, userId, role, mode, autoSubscribe, type,
                maxParticipants, isPublic, roomMetadata, token }
            = this.#options;
        const { name, metadata } = this.self;

        return withoutUndefined({
            roomId,
            userId: this.self.userId || userId,
            name: name || undefined,
            metadata, mediaState, role, mode, autoSubscribe,
            type, maxParticipants, isPublic, roomMetadata,
            token: typeof token === "function" ? await token() : token,
            style: "native",
        });
    }

    /**
     * @param {JoinAnswer} answer
     * @param {MediaState} mediaState
     */
    #joined(answer, mediaState) {
        this.self.update(answer.self);
        this.self.told(mediaState);
        this.#session = answer.session;
        this.#iceServers = answer.iceServers ?? [];
        this.mode = answer.room.mode;
        this.info = { ...answer.room };

        if (this.mode === "sfu") {
            this.#sfu ??= this.#makeSfu();
        }

        for (const transport of answer.transports ?? []) {
            this.#sfu?.onTransportCreated(transport);
        }
    }

    /** @param {JoinAnswer} answer */
    #resumed(answer) {
        this.self.update(answer.self ?? {});
        this.#session = answer.session ?? this.#session;
        this.#iceServers = answer.iceServers ?? this.#iceServers;

        if (answer.room?.mode === "sfu" && this.mode !== "sfu") {
            this.#beginTurn();
        }

        this.#sfu?.resumed(answer.transports);
        this.#mesh.resumed();

        /* what was muted meanwhile */
        queueMicrotask(() => this.#tellState());
    }

    #tellState() {
        this.self.tellState().catch((error) => {
            this.#logger.warn("media state", error);
        });
    }

    /** The old session is gone: so are its connections. */
    #startOver() {
        this.#turn?.stop();
        this.#turn = null;
        this.#unwatch?.();
        this.#unwatch = null;
        this.#mesh.close();
        this.#sfu?.close();
        this.#sfu = null;

        for (const local of this.self.tracks.values()) {
            local.id = undefined;
        }

        for (const participant of [...this.participants.values()]) {
            this.#removeParticipant(participant.userId, "replaced");
        }
    }

    /**
     * @param {string} event
     * @param {any} data
     */
    #dispatch(event, data) {
        switch (event) {

        case "room-state":
            this.#onRoomState(data);
            break;

        case "user-joined":
            this.#onUserJoined(data);
            break;

        case "user-left":
            this.#removeParticipant(data.userId, data.reason ?? "left");
            break;

        case "user-connection":
            this.#update(data.userId, (participant) => {
                participant.online = data.state !== "lost";
            });

            if (data.state === "back") {
                this.#mesh.resumed(data.userId);
            }

            break;

        case "user-updated":
            this.#update(data.userId, (p) => p.update(data));
            break;

        case "media-state-changed":
            this.#onMediaState(data);
            break;

        case "screen-share-started":
        case "screen-share-stopped":
            this.#onScreenShare(data.userId,
                                event === "screen-share-started");
            break;

        case "mode-changed":
            this.#onModeChanged(data);
            break;

        case "transport-created":
            this.#sfu ??= this.#makeSfu();
            this.#sfu.onTransportCreated(data);
            break;

        case "webrtc-offer":
            if (data.fromUserId === "sfu") {
                this.#sfu?.onOffer(data);

            } else if (this.participants.has(data.fromUserId)) {
                this.#mesh.add(data.fromUserId, false).onOffer(data);
            }

            break;

        case "webrtc-answer":
            if (data.fromUserId === "sfu") {
                this.#sfu?.onAnswer(data);

            } else {
                this.#mesh.peers.get(data.fromUserId)?.onAnswer(data);
            }

            break;

        case "ice-candidate":
            if (data.fromUserId === "sfu") {
                this.#sfu?.onCandidate(data.candidate, data.direction);

            } else {
                this.#mesh.peers.get(data.fromUserId)
                    ?.onCandidate(data.candidate);
            }

            break;

        case "track-published":
        case "track-updated":
        case "track-unpublished":
            this.#onTrackInfo(event, data.track ?? data);
            break;

        case "track-layers":
            this.emit("trackLayers", data);
            break;

        case "publish-layers":
            this.emit("publishLayers", data);
            break;

        case "subscription-failed":
            this.emit("subscriptionFailed", data);
            break;

        case "active-speakers":
            this.#onSpeakers(Array.isArray(data) ? data
                             : data.speakers ?? []);
            break;

        case "connection-quality":
            this.#onQuality(data);
            break;

        case "role-changed":
            this.#onRole(data);
            break;

        case "muted":
            this.#onMuted(data);
            break;

        case "room-updated":
            if (this.info) {
                const { participants: _, ...rest } = data.room ?? data;

                Object.assign(this.info, rest);
                this.emit("roomUpdated", { room: this.info });
            }

            break;

        case "message":
            this.emit("message", data);
            break;

        case "kicked":
            this.#signaling.close(new RtcError(
                data.reason === "token-expired" ? "token-expired"
                : "kicked"));
            break;

        case "room-closed":
            this.#signaling.close(new RtcError("room-closed"));
            break;

        case "session-replaced":
            this.#signaling.close(new RtcError("replaced"));
            break;

        case "server-draining":
            this.emit("draining", data);
            break;

        case "error":
            this.emit("error", new RtcError(data.code ?? "internal",
                                            data.message,
                                            { event: data.event }));
            break;

        default:
            break;
        }
    }

    /** @param {RoomInfo} room */
    #onRoomState(room) {
        const { participants = [], ...rest } = room;

        this.info = { ...this.info, ...rest, participants };

        if (room.mode === "sfu" && this.mode !== "sfu") {
            this.#beginTurn();

        } else {
            this.mode = room.mode ?? this.mode;
        }

        if (this.mode === "sfu" && this.#mesh.peers.size > 0
            && !this.#turn?.isComplete)
        {
            /* a mode-changed may have been missed */
            this.#clock.setTimeout(() => this.#turn?.complete(), 10000);
        }

        const present = new Set();

        for (const info of participants) {
            present.add(info.userId);

            if (info.userId === this.self.userId) {
                this.self.update(info);
                continue;
            }

            const known = this.participants.get(info.userId);

            if (known && known.id === info.id) {
                known.update(info);
                this.#refreshMuted(known);
                this.emit("participantUpdated", { participant: known });
                continue;
            }

            /*
             * Those who came before us offer to us; those who came while
             * we were away wait for our offer.
             */

            this.#addParticipant(info, (info.joinedAt ?? "")
                                       > this.self.joinedAt);
        }

        for (const userId of [...this.participants.keys()]) {
            if (!present.has(userId)) {
                this.#removeParticipant(userId, "left");
            }
        }

        this.emit("roomUpdated", { room: this.info });
    }

    /** @param {ParticipantInfo} info */
    #onUserJoined(info) {
        if (info.userId !== this.self.userId) {
            this.#addParticipant(info, true);
        }
    }

    /**
     * @param {ParticipantInfo} info
     * @param {boolean} initiator  whether we make the first p2p offer
     */
    #addParticipant(info, initiator) {
        if (this.participants.has(info.userId)) {
            this.#removeParticipant(info.userId, "replaced");
        }

        const participant = new RemoteParticipant(info);

        this.participants.set(info.userId, participant);
        this.emit("participantJoined", { participant });

        if (this.mode === "p2p") {
            this.#mesh.add(info.userId, initiator);
        }

        /* tracks that came before their owner was known */

        for (const link of this.#links()) {
            for (const feed of link.feeds) {
                if (feed.userId === info.userId) {
                    const active = this.#feeds.active(info.userId,
                                                      feed.source);

                    this.#showFeed({ userId: info.userId,
                                     source: feed.source,
                                     info: active?.info ?? null,
                                     owner: active?.owner ?? null });
                }
            }
        }
    }

    /**
     * @param {string} userId
     * @param {string} reason
     */
    #removeParticipant(userId, reason) {
        const participant = this.participants.get(userId);

        this.#mesh.remove(userId);
        this.#feeds.removeUser(userId);

        if (!participant) {
            return;
        }

        for (const remoteTrack of [...participant.tracks.values()]) {
            this.#endTrack(remoteTrack);
        }

        this.participants.delete(userId);
        this.#stats.forget(userId);
        this.#updateMediaState();
        this.emit("participantLeft", { participant, reason });
    }

    /**
     * @param {{userId: string, source: string, info: FeedInfo|null,
     *     owner: string|null}} event
     */
    #showFeed({ userId, source, info, owner }) {
        const participant = this.participants.get(userId);

        if (!participant) {
            return;
        }

        let remoteTrack = participant.tracks.get(source);

        if (!info) {
            if (remoteTrack) {
                this.#endTrack(remoteTrack);
            }

            return;
        }

        const via = owner?.startsWith("p2p:") ? "p2p" : "sfu";

        if (remoteTrack && remoteTrack.kind !== info.kind) {
            this.#endTrack(remoteTrack);
            remoteTrack = undefined;
        }

        if (remoteTrack) {
            const switched = remoteTrack.mediaStreamTrack !== info.track;

            remoteTrack.replace(info.track, info.receiver);
            remoteTrack.via = via;
            remoteTrack.id = info.trackId ?? remoteTrack.id;

            if (switched) {
                this.#logger.debug(`${userId} ${source}: now by ${via}`);
                this.emit("trackSwitched", { remoteTrack, participant,
                                             source, via });
            }

            return;
        }

        remoteTrack = new RemoteTrack(participant, source, info.kind);
        remoteTrack.replace(info.track, info.receiver);
        remoteTrack.via = via;
        remoteTrack.id = info.trackId;
        remoteTrack.muted = participant.isMuted(source);
        participant.tracks.set(source, remoteTrack);

        this.emit("track", {
            remoteTrack, participant, source,
            track: info.track,
            kind: info.kind,
            mediaStream: remoteTrack.mediaStream,
        });
    }

    /** @param {RemoteTrack} remoteTrack */
    #endTrack(remoteTrack) {
        const { participant, source, kind, mediaStream, mediaStreamTrack }
            = remoteTrack;

        participant.tracks.delete(source);
        remoteTrack.replace(null);

        this.emit("trackEnded", {
            remoteTrack, participant, source, kind, mediaStream,
            track: /** @type {MediaStreamTrack} */ (mediaStreamTrack),
        });
    }

    /** @param {RemoteParticipant} participant */
    #refreshMuted(participant) {
        for (const [source, remoteTrack] of participant.tracks) {
            const muted = participant.isMuted(source);

            if (muted !== remoteTrack.muted) {
                remoteTrack.muted = muted;
                this.emit("trackMuted", { remoteTrack, participant, source,
                                          muted });
            }
        }
    }

    /**
     * @param {string} userId
     * @param {(participant: AnyParticipant) => void} change
     */
    #update(userId, change) {
        const participant = this.participant(userId);

        if (participant) {
            change(participant);
            this.emit("participantUpdated", { participant });
        }
    }

    /** @param {{userId: string, mediaState: Partial<MediaState>}} data */
    #onMediaState({ userId, mediaState }) {
        const participant = this.participants.get(userId);

        if (!participant) {
            return;
        }

        participant.update({ mediaState });

        /* the media state is newer than what the tracks said */

        for (const info of participant.published.values()) {
            if (info.source === "microphone"
                && mediaState.audio !== undefined)
            {
                info.muted = !mediaState.audio;
            }

            if (info.source === "camera" && mediaState.video !== undefined) {
                info.muted = !mediaState.video;
            }
        }

        this.#refreshMuted(participant);
        this.emit("participantUpdated", { participant });
    }

    /**
     * @param {string} userId
     * @param {boolean} screenShare
     */
    #onScreenShare(userId, screenShare) {
        const participant = this.participant(userId);

        if (!participant) {
            return;
        }

        if (participant instanceof RemoteParticipant) {
            participant.update({ mediaState: { screenShare } });
        }

        this.emit(screenShare ? "screenShareStarted" : "screenShareStopped",
                  { participant });
    }

    /** @param {{mode: Mode, complete?: boolean}} data */
    #onModeChanged({ mode, complete = false }) {
        if (mode === "sfu") {
            this.#beginTurn();

            if (complete) {
                this.#turn?.complete();
            }
        }

        this.emit("modeChanged", { mode, complete });
    }

    #beginTurn() {
        this.mode = "sfu";
        this.#sfu ??= this.#makeSfu();

        if (this.info) {
            this.info.mode = "sfu";
        }

        if (this.#turn || this.#mesh.peers.size === 0) {
            return;
        }

        this.#unwatch ??= this.#feeds.watch();

        this.#turn = new ModeTurn({
            clock: this.#clock,
            peers: () => [...this.#mesh.peers.keys()],
            busy: (userId) => this.#feeds.busy(`p2p:${userId}`),
            close: (userId) => this.#mesh.remove(userId),
            done: () => {
                this.#turn = null;
                this.#unwatch?.();
                this.#unwatch = null;
            },
        });
    }

    /**
     * @param {string} event
     * @param {TrackInfo} track
     */
    #onTrackInfo(event, track) {
        const participant = this.participant(track.userId);

        if (!participant) {
            return;
        }

        if (participant instanceof RemoteParticipant) {
            if (event === "track-unpublished") {
                participant.published.delete(track.id);

            } else {
                participant.published.set(track.id, track);
            }

            this.#refreshMuted(participant);
        }

        if (event === "track-published") {
            this.emit("trackPublished", { track, participant });

        } else if (event === "track-unpublished") {
            this.emit("trackUnpublished", { track, participant });

        } else {
            this.emit("participantUpdated", { participant });
        }
    }

    /** @param {{userId: string, level: number}[]} speakers */
    #onSpeakers(speakers) {
        const levels = new Map(speakers.map((s) => [s.userId, s.level]));

        for (const participant of [this.self, ...this.participants.values()])
        {
            participant.level = levels.get(participant.userId) ?? 0;
        }

        this.emit("activeSpeakers", { speakers });
    }

    /** @param {any} data */
    #onQuality(data) {
        for (const entry of Array.isArray(data) ? data : [data]) {
            const { userId, ...quality } = entry;
            const participant = this.participant(userId);

            if (participant) {
                participant.quality = quality;
                this.emit("connectionQuality", { participant, ...quality });
            }
        }
    }

    /** @param {{userId: string, role: Role}} data */
    #onRole({ userId, role }) {
        const participant = this.participant(userId);

        if (participant) {
            participant.role = role;
            this.emit("roleChanged", { participant, role });
            this.emit("participantUpdated", { participant });
        }
    }

    /** @param {any} data */
    #onMuted(data) {
        const { userId, trackId, kind, by, locked = false } = data;

        if (userId === this.self.userId) {
            for (const local of [...this.self.tracks.values()]) {
                if (trackId !== undefined && local.id !== undefined
                    ? local.id === trackId
                    : (kind === undefined || local.kind === kind)
                      && !local.source.startsWith("screen"))
                {
                    this.self.forceMute(local.source, locked);
                }
            }
        }

        this.emit("muted", { userId, trackId, by, locked });
    }

    #updateMediaState() {
        if (this.state === "left") {
            return;
        }

        const links = this.mode === "sfu"
                      ? [this.#sfu?.send, this.#sfu?.recv]
                      : [...this.#mesh.peers.values()];
        const states = links.filter((link) => link && link.state !== "new")
                       .map((link) => link?.state);

        /** @type {"connecting"|"connected"|"interrupted"} */
        let state = "connected";

        if (states.some((s) => s === "interrupted" || s === "failed")) {
            state = "interrupted";

        } else if (states.some((s) => s === "connecting")) {
            state = "connecting";
        }

        if (state !== this.#mediaState) {
            this.#mediaState = state;
            this.emit("mediaState", { state });
        }
    }

    /** @param {RoomState} state */
    #setState(state) {
        if (this.state !== state && this.state !== "left") {
            this.state = state;
            this.emit("state", { state });
        }
    }

    /** @param {RtcError} error */
    #end(error) {
        if (this.state === "left") {
            return;
        }

        globalThis.removeEventListener?.("online", this.#onwake);
        globalThis.removeEventListener?.("pagehide", this.#onhide);
        globalThis.document?.removeEventListener?.("visibilitychange",
                                                   this.#onwake);

        for (const userId of [...this.participants.keys()]) {
            this.#removeParticipant(userId, "closed");
        }

        this.#turn?.stop();
        this.#feeds.close();
        this.#mesh.close();
        this.#sfu?.close();

        if (this.state === "joining") {
            /* connect() throws; the page may try again with its tracks */
            this.#setState("left");
            return;
        }

        this.#setState("left");
        this.self.stopAll();
        this.emit("left", { error,
                            reason: error.code === "closed" ? "left"
                                    : error.code });
    }
}


/**
 * @param {Record<string, any>} object
 * @returns {Record<string, any>}
 */
function withoutUndefined(object) {
    return Object.fromEntries(Object.entries(object).filter(
        ([, value]) => value !== undefined));
}
