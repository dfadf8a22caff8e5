/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The call: tiles and sound of the others, the controls, chat, banners.
 */

import { Room, canShareScreen, describeError, listDevices, onDevicesChanged,
         openCamera, openMicrophone } from "../../src/index.js";
import { byId, fillDevices, icon, make, remember, setButton, toast }
    from "./dom.js";
import { ownLines, tileLines, totalLines } from "./overlay.js";
import { signalingUrl } from "./params.js";
import { Stage } from "./tiles.js";

/** @typedef {import("./lobby.js").Choice} Choice */
/** @typedef {import("./params.js").Params} Params */

const SPEAKING = 0.02;

export class Call {
    /** @type {Room} */
    room;

    /** @type {(note: string) => void} */
    onleft = () => { };

    #params;
    #choice;
    #stage = new Stage(byId("stage", HTMLElement));

    /** @type {Map<string, HTMLAudioElement>} */
    #sounds = new Map();

    #sinkId = "";
    #statsShown = false;

    /** @type {any} */
    #statsTimer = 0;

    /** @type {any} */
    #levelTimer = 0;

    /** @type {(() => void)|null} */
    #soundToast = null;

    #busy = new Set();

    /** @type {(() => void)[]} */
    #cleanup = [];

    #mic = byId("mic", HTMLButtonElement);
    #cam = byId("cam", HTMLButtonElement);
    #share = byId("share", HTMLButtonElement);
    #banner = byId("banner", HTMLDivElement);
    #chat = byId("chat", HTMLElement);
    #log = byId("chat-log", HTMLOListElement);
    #totals = byId("totals", HTMLElement);

    /**
     * @param {Choice} choice
     * @param {Params} params
     */
    constructor(choice, params) {
        this.#choice = choice;
        this.#params = params;

        const logger = params.debug
                       ? { debug: console.debug, warn: console.warn }
                       : undefined;

        this.room = new Room({
            url: signalingUrl(location.href),
            roomId: choice.room,
            userId: params.user || undefined,
            name: choice.name || undefined,
            token: params.token || undefined,
            mode: params.mode || undefined,
            iceTransportPolicy: params.relay ? "relay" : undefined,
            logger,
        });
    }

    async start() {
        const { room } = this;
        const { camera, microphone } = this.#choice;

        this.#listen();

        if (microphone) {
            await room.publish(microphone, {
                source: "microphone",
                reopen: () => openMicrophone(this.#microphoneOptions()),
            });
        }

        if (camera) {
            await this.#publishCamera(camera);
        }

        try {
            await room.connect();

        } catch (error) {
            this.#stage.close();
            throw error;
        }

        document.body.dataset.view = "call";
        document.title = `${room.id} – nginx calls`;
        byId("call-title", HTMLElement).textContent = room.id;
        history.replaceState(null, "", this.#address());

        this.#tileFor(room.self.userId, "camera", true);

        if (room.self.tracks.has("camera")) {
            this.#showOwn("camera");
        }

        this.#controls();
        this.#draw();
        this.#keepAwake();
        this.#levelTimer = setInterval(() => this.#levels(), 200);
        this.#on(onDevicesChanged(() => this.#listDevices()));

        if (this.#params.stats) {
            this.toggleStats();
        }
    }

    /** @param {() => void} off */
    #on(off) {
        this.#cleanup.push(off);
    }

    #cameraOptions() {
        return { ...this.#params.video,
                 deviceId: this.#choice.cameraId || undefined };
    }

    #microphoneOptions() {
        return { deviceId: this.#choice.microphoneId || undefined };
    }

    /** @param {MediaStreamTrack} track */
    #publishCamera(track) {
        const { codec, bitrate, simulcast } = this.#params;

        return this.room.publish(track, {
            source: "camera",
            reopen: () => openCamera(this.#cameraOptions()),
            codec: codec || undefined,
            maxBitrate: bitrate || undefined,
            simulcast,
        });
    }

    #listen() {
        const { room } = this;

        room.on("participantJoined", ({ participant }) => {
            this.#tileFor(participant.userId, "camera", false);
            this.#note(`${participant.displayName} has joined`);
            this.#draw();
        });

        room.on("participantLeft", ({ participant, reason }) => {
            this.#stage.remove(`${participant.userId}/camera`);
            this.#stage.remove(`${participant.userId}/screen`);

            if (reason !== "closed" && reason !== "replaced") {
                this.#note(`${participant.displayName} has left`);
            }

            this.#draw();
        });

        room.on("participantUpdated", () => this.#draw());
        room.on("roleChanged", () => this.#draw());
        room.on("modeChanged", () => this.#draw());
        room.on("roomUpdated", () => this.#draw());
        room.on("trackMuted", () => this.#draw());
        room.on("trackSwitched", () => this.#draw());

        room.on("track", ({ remoteTrack, participant, source, kind }) => {
            const { userId } = participant;

            if (kind === "audio") {
                this.#sound(`${userId}/${source}`, remoteTrack);
                return;
            }

            const tile = this.#tileFor(
                userId, source === "screen" ? "screen" : "camera", false);

            tile.show(remoteTrack.mediaStream);
            this.#draw();
        });

        room.on("trackEnded", ({ participant, source, kind }) => {
            const { userId } = participant;

            if (kind === "audio") {
                this.#silence(`${userId}/${source}`);

            } else if (source === "screen") {
                this.#stage.remove(`${userId}/screen`);

            } else {
                this.#stage.tiles.get(`${userId}/camera`)?.show(null);
            }

            this.#draw();
        });

        room.on("screenShareStopped", ({ participant }) => {
            this.#stage.remove(`${participant.userId}/screen`);
            this.#draw();
        });

        room.on("localTrack", ({ localTrack }) => {
            if (room.self.userId && localTrack.kind === "video") {
                this.#showOwn(localTrack.source);
            }

            this.#draw();
        });

        room.on("localTrackChanged", ({ localTrack }) => {
            if (localTrack.kind === "video") {
                this.#showOwn(localTrack.source);
            }

            this.#draw();
        });

        room.on("localTrackEnded", ({ localTrack, reason }) => {
            const { source } = localTrack;

            if (source === "screen") {
                this.#stage.remove(`${room.self.userId}/screen`);
            }

            if (reason === "device-lost") {
                toast(`The ${source} has been unplugged.`, { bad: true });
            }

            this.#draw();
        });

        room.on("muted", ({ userId, locked }) => {
            if (userId === room.self.userId) {
                toast(locked ? "The host has muted you."
                      : "The host has muted you. You can unmute yourself.");
            }
        });

        room.on("message", ({ fromUserId, data }) => {
            if (data?.type !== "chat" || typeof data.text !== "string") {
                return;
            }

            const from = room.participant(fromUserId);

            this.#say(from?.displayName ?? fromUserId,
                      data.text.slice(0, 2000));

            if (this.#chat.hidden) {
                byId("chat-dot", HTMLElement).hidden = false;
                toast(`${from?.displayName ?? fromUserId}: `
                      + data.text.slice(0, 120));
            }
        });

        room.on("activeSpeakers", ({ speakers }) => {
            const loud = new Set(speakers.map((s) => s.userId));

            for (const tile of this.#stage.tiles.values()) {
                if (tile.source === "camera" && tile.self) {
                    tile.speak(loud.has(tile.userId));
                }
            }
        });

        room.on("reconnecting", () => this.#drawBanner());

        room.on("reconnected", ({ resumed }) => {
            this.#drawBanner();

            if (!resumed) {
                toast("The connection was renewed.");
            }

            this.#draw();
        });

        room.on("mediaState", () => this.#drawBanner());
        room.on("draining", () => {
            toast("The server is about to restart; the call moves over.");
        });
        room.on("error", (error) => {
            toast(describeError(error), { bad: true });
        });
        room.on("left", ({ reason, error }) => {
            this.#stop();
            this.onleft(reason === "left" ? "You have left the room."
                        : describeError(error));
        });
    }

    /**
     * @param {string} userId
     * @param {string} source
     * @param {boolean} self
     */
    #tileFor(userId, source, self) {
        const known = this.#stage.tiles.get(`${userId}/${source}`);

        if (known) {
            return known;
        }

        const tile = this.#stage.add({ userId, source, self });

        if (!self && source === "camera") {
            this.#moderation(tile);
        }

        tile.numbers.hidden = !this.#statsShown;

        return tile;
    }

    /** @param {import("./tiles.js").Tile} tile */
    #moderation(tile) {
        /**
         * @param {string} name
         * @param {string} label
         * @param {() => Promise<any>} run
         */
        const tool = (name, label, run) => {
            const button = make("button", "host-tool");

            button.type = "button";
            button.title = label;
            button.setAttribute("aria-label", label);
            button.append(icon(name));
            button.addEventListener("click", () => this.#try(label, run));
            tile.tools.append(button);
        };

        tool("mic-off", "Mute this person",
             () => this.room.mute(tile.userId, { kind: "audio" }));
        tool("kick", "Remove this person",
             () => this.room.kick(tile.userId));
    }

    /** @param {string} source */
    #showOwn(source) {
        const { self } = this.room;
        const local = self.tracks.get(source);

        if (!self.userId || !local || local.kind !== "video") {
            return;
        }

        const tile = this.#tileFor(
            self.userId, source === "screen" ? "screen" : "camera", true);

        tile.show(local.mediaStreamTrack ? local.mediaStream : null);
    }

    /**
     * @param {string} key
     * @param {import("../../src/index.js").RemoteTrack} remoteTrack
     */
    #sound(key, remoteTrack) {
        const audio = new Audio();

        this.#silence(key);
        this.#sounds.set(key, audio);
        audio.srcObject = remoteTrack.mediaStream;
        this.#setSink(audio);

        audio.play().catch((error) => {
            if (error?.name === "NotAllowedError" && !this.#soundToast) {
                this.#soundToast = toast("The browser holds the sound back.",
                    { action: "Turn sound on", stay: true, run: () => {
                        this.#soundToast = null;

                        for (const sound of this.#sounds.values()) {
                            sound.play().catch(() => { });
                        }
                    } });
            }
        });
    }

    /** @param {HTMLAudioElement} audio */
    #setSink(audio) {
        /** @type {any} */ (audio).setSinkId?.(this.#sinkId)
            ?.catch(() => { });
    }

    /** @param {string} key */
    #silence(key) {
        const audio = this.#sounds.get(key);

        if (audio) {
            audio.pause();
            audio.srcObject = null;
            this.#sounds.delete(key);
        }
    }

    #levels() {
        for (const participant of this.room.participants.values()) {
            const track = participant.tracks.get("microphone");
            const loud = !participant.isMuted("microphone")
                         && (track?.audioLevel ?? 0) > SPEAKING;

            this.#stage.tiles.get(`${participant.userId}/camera`)
                ?.speak(loud);
        }
    }

    #draw() {
        const { room } = this;
        const { self } = room;

        for (const tile of this.#stage.tiles.values()) {
            const participant = room.participant(tile.userId);

            if (!participant) {
                continue;
            }

            const track = participant.tracks.get(tile.source);

            tile.describe({
                name: participant.isLocal ? participant.name
                      : participant.displayName,
                muted: participant.isMuted("microphone"),
                host: participant.role === "host",
                online: participant.online,
            });

            tile.light(Boolean(track?.mediaStreamTrack)
                       && (tile.source === "screen"
                           || !participant.isMuted("camera")));

            for (const tool of tile.tools.querySelectorAll(".host-tool")) {
                /** @type {HTMLElement} */ (tool).hidden = !room.isHost;
            }
        }

        const micOn = !self.isMuted("microphone");
        const camOn = !self.isMuted("camera");
        const sharing = self.tracks.has("screen");

        this.#mic.classList.toggle("off", !micOn);
        this.#mic.setAttribute("aria-pressed", String(!micOn));
        setButton(this.#mic, micOn ? "mic" : "mic-off",
                  micOn ? "Mute" : "Unmute", micOn ? "Mute" : "Unmute");

        this.#cam.classList.toggle("off", !camOn);
        this.#cam.setAttribute("aria-pressed", String(!camOn));
        setButton(this.#cam, camOn ? "cam" : "cam-off",
                  camOn ? "Turn the camera off" : "Turn the camera on",
                  "Camera");

        this.#share.classList.toggle("on", sharing);
        this.#share.setAttribute("aria-pressed", String(sharing));
        setButton(this.#share, "screen",
                  sharing ? "Stop sharing" : "Share the screen",
                  sharing ? "Stop" : "Share");

        byId("count-number", HTMLElement).textContent = String(room.size);
        byId("alone", HTMLElement).hidden = room.size > 1;

        const mode = byId("mode", HTMLElement);

        mode.textContent = room.mode === "sfu" ? "server" : "direct";
        mode.title = room.mode === "sfu" ? "Media goes through the server"
                     : "Media goes directly from browser to browser";
        mode.dataset.mode = room.mode;
    }

    #drawBanner() {
        const { room } = this;
        let text = "";

        if (room.state === "reconnecting") {
            text = navigator.onLine ? "Reconnecting to the server…"
                   : "You are offline. Waiting for the network…";

        } else if (room.mediaState === "interrupted") {
            text = "Picture and sound are interrupted, trying again…";
        }

        this.#banner.hidden = !text;
        byId("banner-text", HTMLElement).textContent = text;
    }

    #controls() {
        /**
         * @param {string} id
         * @param {() => void} run
         */
        const click = (id, run) => {
            const element = byId(id, HTMLElement);

            element.addEventListener("click", run);
            this.#on(() => element.removeEventListener("click", run));
        };

        click("mic", () => this.toggleMicrophone());
        click("cam", () => this.toggleCamera());
        click("share", () => this.toggleShare());
        click("stats", () => this.toggleStats());
        click("chat-button", () => this.toggleChat());
        click("chat-close", () => this.toggleChat(false));
        click("copy", () => this.copyLink());
        click("leave", () => this.room.leave());
        click("settings-button", () => this.openSettings());

        for (const [id, label] of [["chat-button", "Chat"],
                                   ["settings-button", "Devices and keys"],
                                   ["leave", "Leave the call"],
                                   ["stats", "Statistics"]])
        {
            const button = byId(id, HTMLElement);

            button.setAttribute("aria-label", label);
            button.title = `${label} `
                           + `(${button.getAttribute("aria-keyshortcuts")})`;
        }

        this.#share.hidden = !canShareScreen();

        const form = byId("chat-form", HTMLFormElement);
        const submit = (/** @type {Event} */ event) => {
            event.preventDefault();
            this.#sendChat();
        };

        form.addEventListener("submit", submit);
        this.#on(() => form.removeEventListener("submit", submit));

        /**
         * @param {string} id
         * @param {(value: string) => void} run
         */
        const change = (id, run) => {
            const select = byId(id, HTMLSelectElement);
            const listener = () => run(select.value);

            select.addEventListener("change", listener);
            this.#on(() => select.removeEventListener("change", listener));
        };

        change("call-camera", (id) => {
            this.#choice.cameraId = id;
            remember("camera", id);
            this.#try("camera", () => this.room.switchDevice(
                "camera", id, { ...this.#params.video }));
        });

        change("call-microphone", (id) => {
            this.#choice.microphoneId = id;
            remember("microphone", id);
            this.#try("microphone",
                      () => this.room.switchDevice("microphone", id));
        });

        change("call-speaker", (id) => {
            this.#sinkId = id;

            for (const audio of this.#sounds.values()) {
                this.#setSink(audio);
            }
        });

        const offline = () => this.#drawBanner();

        addEventListener("offline", offline);
        addEventListener("online", offline);
        this.#on(() => {
            removeEventListener("offline", offline);
            removeEventListener("online", offline);
        });
    }

    /**
     * Runs something once at a time and shows its error.
     *
     * @param {string} name
     * @param {() => Promise<any>} run
     */
    async #try(name, run) {
        if (this.#busy.has(name)) {
            return;
        }

        const button = { microphone: this.#mic, camera: this.#cam,
                         share: this.#share }[name];

        this.#busy.add(name);
        button?.setAttribute("aria-busy", "true");

        try {
            await run();

        } catch (error) {
            if (/** @type {any} */ (error)?.code !== "cancelled") {
                toast(describeError(error), { bad: true });
            }

        } finally {
            this.#busy.delete(name);
            button?.removeAttribute("aria-busy");
            this.#draw();
        }
    }

    toggleMicrophone() {
        const { room } = this;

        return this.#try("microphone", async () => {
            if (!room.self.tracks.has("microphone")) {
                const options = this.#microphoneOptions();

                await room.publish(await openMicrophone(options), {
                    source: "microphone",
                    reopen: () => openMicrophone(this.#microphoneOptions()),
                });
                return;
            }

            await room.setMicrophoneMuted(!room.self.isMuted("microphone"));
        });
    }

    toggleCamera() {
        const { room } = this;

        return this.#try("camera", async () => {
            if (!room.self.tracks.has("camera")) {
                await this.#publishCamera(
                    await openCamera(this.#cameraOptions()));
                return;
            }

            await room.setCameraMuted(!room.self.isMuted("camera"));
        });
    }

    toggleShare() {
        const { room } = this;

        return this.#try("share", async () => {
            if (room.self.tracks.has("screen")) {
                await room.stopScreenShare();

            } else if (canShareScreen()) {
                await room.startScreenShare();
            }
        });
    }

    toggleStats() {
        this.#statsShown = !this.#statsShown;

        const button = byId("stats", HTMLButtonElement);

        button.setAttribute("aria-pressed", String(this.#statsShown));
        button.classList.toggle("on", this.#statsShown);
        this.#totals.hidden = !this.#statsShown;
        clearInterval(this.#statsTimer);

        for (const tile of this.#stage.tiles.values()) {
            tile.numbers.hidden = !this.#statsShown;
        }

        if (this.#statsShown) {
            this.#statsTimer = setInterval(() => this.#drawStats(), 1000);
            this.#drawStats();
        }
    }

    async #drawStats() {
        const stats = await this.room.getStats();

        if (!this.#statsShown) {
            return;
        }

        this.#totals.textContent = totalLines(stats, this.room.mode);

        for (const tile of this.#stage.tiles.values()) {
            tile.numbers.textContent = tile.self
                ? ownLines(stats, tile.source)
                : tileLines(stats, tile.userId, tile.source);
        }
    }

    /** @param {boolean} [open] */
    toggleChat(open = this.#chat.hidden) {
        const button = byId("chat-button", HTMLButtonElement);

        this.#chat.hidden = !open;
        button.setAttribute("aria-expanded", String(open));
        button.classList.toggle("on", open);
        byId("chat-dot", HTMLElement).hidden = true;
        (open ? byId("chat-text", HTMLInputElement) : button).focus();
        this.#stage.place();
    }

    #sendChat() {
        const input = byId("chat-text", HTMLInputElement);
        const text = input.value.trim();

        if (!text) {
            return;
        }

        input.value = "";
        this.#say("You", text);
        this.room.sendMessage({ type: "chat", text }).catch((error) => {
            toast(describeError(error), { bad: true });
        });
    }

    /**
     * @param {string} from
     * @param {string} text
     */
    #say(from, text) {
        const item = make("li");

        item.append(make("b", "", from), text);
        this.#append(item);
    }

    /** @param {string} text */
    #note(text) {
        this.#append(make("li", "event", text));
    }

    /** @param {HTMLLIElement} item */
    #append(item) {
        while (this.#log.children.length >= 500) {
            this.#log.firstElementChild?.remove();
        }

        this.#log.append(item);
        this.#log.scrollTop = this.#log.scrollHeight;
    }

    #address() {
        const url = new URL(location.href);

        url.searchParams.set("room", this.room.id);

        return url.href;
    }

    async copyLink() {
        const url = new URL(location.href);

        url.search = "";
        url.hash = "";
        url.searchParams.set("room", this.room.id);

        try {
            await navigator.clipboard.writeText(url.href);
            toast("The link is copied. Send it to those you want to see.");

        } catch {
            toast(`Send this link: ${url.href}`, { stay: true,
                                                   action: "Close" });
        }
    }

    openSettings() {
        this.#listDevices();
        byId("settings", HTMLDialogElement).showModal();
    }

    async #listDevices() {
        const { self } = this.room;

        try {
            const { cameras, microphones, speakers } = await listDevices();

            /** @param {string} source */
            const used = (source) => self.tracks.get(source)
                ?.mediaStreamTrack?.getSettings().deviceId;

            fillDevices(byId("call-camera", HTMLSelectElement), cameras,
                        used("camera") ?? this.#choice.cameraId, "Camera");
            fillDevices(byId("call-microphone", HTMLSelectElement),
                        microphones,
                        used("microphone") ?? this.#choice.microphoneId,
                        "Microphone");
            fillDevices(byId("call-speaker", HTMLSelectElement), speakers,
                        this.#sinkId, "Speaker");
            byId("speaker-field", HTMLElement).hidden = speakers.length === 0
                || !("setSinkId" in HTMLMediaElement.prototype);

        } catch {
            /* no devices: the lists stay empty */
        }
    }

    /** Keeps a phone's screen on while the page is seen. */
    #keepAwake() {
        /** @type {any} */
        let lock = null;

        const take = async () => {
            try {
                lock = document.hidden ? null
                       : await /** @type {any} */ (navigator).wakeLock
                           ?.request("screen");

            } catch {
                lock = null;
            }
        };

        document.addEventListener("visibilitychange", take);
        this.#on(() => {
            document.removeEventListener("visibilitychange", take);
            lock?.release?.();
        });
        take();
    }

    #stop() {
        clearInterval(this.#statsTimer);
        clearInterval(this.#levelTimer);

        for (const off of this.#cleanup.splice(0)) {
            off();
        }

        for (const key of [...this.#sounds.keys()]) {
            this.#silence(key);
        }

        this.#soundToast?.();
        this.#stage.close();
        this.#log.replaceChildren();
        this.#banner.hidden = true;
        this.#chat.hidden = true;
        this.#totals.hidden = true;
        byId("stats", HTMLButtonElement).classList.remove("on");
        byId("chat-button", HTMLButtonElement).classList.remove("on");
        byId("settings", HTMLDialogElement).close();
    }
}
