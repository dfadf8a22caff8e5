/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Before the call: name, room, camera preview, devices, muting.
 */

import { describeError, listDevices, onDevicesChanged, openCamera,
         openMicrophone } from "../../src/index.js";
import { byId, fillDevices, recall, remember, setAvatar, setButton }
    from "./dom.js";
import { suggestRoom } from "./params.js";

/**
 * @typedef {object} Choice  what the lobby hands over
 * @property {string} room
 * @property {string} name
 * @property {MediaStreamTrack|null} camera
 * @property {MediaStreamTrack|null} microphone
 * @property {string} cameraId
 * @property {string} microphoneId
 * @property {boolean} cameraOn
 * @property {boolean} microphoneOn
 */

export class Lobby {
    /** @type {(choice: Choice) => Promise<void>} */
    onjoin = async () => { };

    #params;

    /** @type {MediaStreamTrack|null} */
    #camera = null;

    /** @type {MediaStreamTrack|null} */
    #microphone = null;

    #cameraOn = true;
    #microphoneOn = true;
    #cameraId = recall("camera");
    #microphoneId = recall("microphone");
    #open = false;
    #joining = false;

    /** @type {AudioContext|null} */
    #audio = null;

    /** @type {() => void} */
    #unwatch = () => { };

    #name = byId("name", HTMLInputElement);
    #room = byId("room", HTMLInputElement);
    #join = byId("join", HTMLButtonElement);
    #error = byId("lobby-error", HTMLParagraphElement);
    #note = byId("lobby-note", HTMLParagraphElement);
    #video = byId("preview-video", HTMLVideoElement);
    #off = byId("preview-off", HTMLDivElement);
    #text = byId("preview-text", HTMLParagraphElement);
    #avatar = byId("preview-avatar", HTMLDivElement);
    #mic = byId("lobby-mic", HTMLButtonElement);
    #cam = byId("lobby-cam", HTMLButtonElement);
    #cameras = byId("lobby-camera", HTMLSelectElement);
    #microphones = byId("lobby-microphone", HTMLSelectElement);
    #level = /** @type {HTMLElement} */ (
        byId("preview-meter", HTMLDivElement).firstElementChild);

    /** @param {import("./params.js").Params} params */
    constructor(params) {
        this.#params = params;
        this.#name.value = params.name || recall("name");
        this.#room.value = params.room || suggestRoom();
        this.#cameraOn = params.video !== null;
        this.#microphoneOn = params.audio;

        this.#mic.addEventListener("click", () => this.toggleMicrophone());
        this.#cam.addEventListener("click", () => this.toggleCamera());
        this.#name.addEventListener("input", () => this.#draw());

        this.#cameras.addEventListener("change", () => {
            this.#cameraId = this.#cameras.value;
            remember("camera", this.#cameraId);
            this.#closeCamera();
            this.#openCamera();
        });

        this.#microphones.addEventListener("change", () => {
            this.#microphoneId = this.#microphones.value;
            remember("microphone", this.#microphoneId);
            this.#closeMicrophone();
            this.#openMicrophone();
        });

        byId("join-form", HTMLFormElement).addEventListener("submit",
            (event) => {
                event.preventDefault();
                this.submit();
            });
    }

    /**
     * @param {{note?: string, quiet?: boolean}} [options]
     *     quiet: without opening devices, for those who join at once
     */
    async show(options = {}) {
        document.body.dataset.view = "lobby";
        document.title = "nginx calls";
        this.#open = true;
        this.#note.textContent = options.note ?? "";
        this.#note.hidden = !options.note;
        this.#error.hidden = true;
        this.#draw();

        if (options.quiet) {
            return;
        }

        this.#unwatch = onDevicesChanged(() => this.#listDevices());
        (this.#name.value ? this.#join : this.#name).focus();
        await Promise.all([this.#openCamera(), this.#openMicrophone()]);
        await this.#listDevices();
    }

    toggleMicrophone() {
        this.#microphoneOn = !this.#microphoneOn;

        if (this.#microphoneOn) {
            this.#openMicrophone();

        } else {
            this.#closeMicrophone();
        }

        this.#draw();
    }

    toggleCamera() {
        this.#cameraOn = !this.#cameraOn;

        if (this.#cameraOn) {
            this.#openCamera();

        } else {
            this.#closeCamera();
        }

        this.#draw();
    }

    async submit() {
        const room = this.#room.value.trim();
        const name = this.#name.value.trim();

        if (!room) {
            this.#fail("Please name a room.");
            this.#room.focus();
            return;
        }

        if (this.#joining) {
            return;
        }

        remember("name", name);
        this.#joining = true;
        this.#join.disabled = true;
        this.#join.textContent = "Joining…";
        this.#error.hidden = true;

        try {
            await this.onjoin({
                room, name,
                camera: this.#camera,
                microphone: this.#microphone,
                cameraId: this.#cameraId,
                microphoneId: this.#microphoneId,
                cameraOn: this.#cameraOn,
                microphoneOn: this.#microphoneOn,
            });

            /* the tracks belong to the call now */
            this.#camera = null;
            this.#microphone = null;
            this.#hide();

        } catch (error) {
            this.#fail(describeError(error));

        } finally {
            this.#joining = false;
            this.#join.disabled = false;
            this.#join.textContent = "Join";
        }
    }

    #hide() {
        this.#open = false;
        this.#unwatch();
        this.#video.srcObject = null;
        this.#stopMeter();
    }

    /** @param {string} text */
    #fail(text) {
        this.#error.textContent = text;
        this.#error.hidden = false;
    }

    async #openCamera() {
        if (!this.#cameraOn || this.#camera) {
            return;
        }

        this.#text.textContent = "Starting the camera…";

        try {
            const track = await openCamera({
                ...this.#params.video,
                deviceId: this.#cameraId || undefined,
            });

            if (!this.#open || !this.#cameraOn || this.#camera) {
                track.stop();
                return;
            }

            this.#camera = track;
            this.#video.srcObject = new MediaStream([track]);

        } catch (error) {
            this.#cameraOn = false;
            this.#draw();
            this.#text.textContent = describeError(error);
            return;
        }

        this.#draw();
        this.#listDevices();
    }

    #closeCamera() {
        this.#camera?.stop();
        this.#camera = null;
        this.#video.srcObject = null;
        this.#draw();
    }

    async #openMicrophone() {
        if (!this.#microphoneOn || this.#microphone) {
            return;
        }

        try {
            const track = await openMicrophone({
                deviceId: this.#microphoneId || undefined,
            });

            if (!this.#open || !this.#microphoneOn || this.#microphone) {
                track.stop();
                return;
            }

            this.#microphone = track;
            this.#startMeter(track);

        } catch (error) {
            this.#microphoneOn = false;
            this.#fail(describeError(error)
                       + " You can still join and listen.");
        }

        this.#draw();
        this.#listDevices();
    }

    #closeMicrophone() {
        this.#stopMeter();
        this.#microphone?.stop();
        this.#microphone = null;
        this.#draw();
    }

    async #listDevices() {
        try {
            const { cameras, microphones } = await listDevices();

            fillDevices(this.#cameras, cameras,
                        this.#camera?.getSettings().deviceId
                        ?? this.#cameraId, "Camera");
            fillDevices(this.#microphones, microphones,
                        this.#microphone?.getSettings().deviceId
                        ?? this.#microphoneId, "Microphone");

        } catch (error) {
            this.#fail(describeError(error));
        }
    }

    #draw() {
        const lit = this.#camera !== null;

        this.#video.hidden = !lit;
        this.#off.hidden = lit;
        setAvatar(this.#avatar, this.#name.value || "You");

        if (!lit && !this.#cameraOn) {
            this.#text.textContent = "The camera is off";
        }

        this.#mic.classList.toggle("off", !this.#microphoneOn);
        this.#mic.setAttribute("aria-pressed", String(!this.#microphoneOn));
        setButton(this.#mic, this.#microphoneOn ? "mic" : "mic-off",
                  this.#microphoneOn ? "Turn the microphone off"
                  : "Turn the microphone on");

        this.#cam.classList.toggle("off", !this.#cameraOn);
        this.#cam.setAttribute("aria-pressed", String(!this.#cameraOn));
        setButton(this.#cam, this.#cameraOn ? "cam" : "cam-off",
                  this.#cameraOn ? "Turn the camera off"
                  : "Turn the camera on");
    }

    /** @param {MediaStreamTrack} track */
    #startMeter(track) {
        this.#stopMeter();

        const audio = new AudioContext();
        const analyser = audio.createAnalyser();
        const samples = new Float32Array(512);

        this.#audio = audio;
        analyser.fftSize = 512;
        audio.createMediaStreamSource(new MediaStream([track]))
            .connect(analyser);

        const draw = () => {
            if (this.#audio !== audio) {
                return;
            }

            analyser.getFloatTimeDomainData(samples);

            const peak = Math.min(1, Math.max(...samples.map(Math.abs)) * 2);

            this.#level.style.transform = `scaleX(${peak})`;
            requestAnimationFrame(draw);
        };

        draw();
    }

    #stopMeter() {
        this.#audio?.close().catch(() => { });
        this.#audio = null;
        this.#level.style.transform = "scaleX(0)";
    }
}
