/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Cameras, microphones and screens: the browser's capture calls with errors
 * in plain words, the list of devices and its changes.
 */

import { RtcError } from "./errors.js";

/**
 * @typedef {object} CameraOptions
 * @property {string} [deviceId]
 * @property {"user"|"environment"} [facingMode]
 * @property {number} [width]      default 1280
 * @property {number} [height]     default 720
 * @property {number} [frameRate]  default 30
 */

/**
 * @typedef {object} MicrophoneOptions
 * @property {string} [deviceId]
 * @property {boolean} [echoCancellation]  default true
 * @property {boolean} [noiseSuppression]  default true
 * @property {boolean} [autoGainControl]   default true
 */

/**
 * @typedef {object} ScreenOptions
 * @property {boolean} [audio]     the sound of a tab or the system, too
 * @property {number} [width]      at most, default 1920
 * @property {number} [height]     at most, default 1080
 * @property {number} [frameRate]  at most, default 30
 */

/**
 * @param {any} error
 * @param {string} what  "camera", "microphone", "screen"
 * @returns {RtcError}
 */
function mediaError(error, what) {
    const name = error?.name ?? "";
    const options = { cause: error };

    switch (name) {

    case "NotAllowedError":
    case "PermissionDeniedError":
    case "SecurityError":
        if (what === "screen") {
            return new RtcError("cancelled", undefined, options);
        }

        return new RtcError("permission-denied",
            `The browser may not use the ${what}. Allow it in the address`
            + " bar and try again.", options);

    case "NotFoundError":
    case "DevicesNotFoundError":
        return new RtcError("no-device",
            `No ${what} was found. Is it plugged in?`, options);

    case "NotReadableError":
    case "TrackStartError":
    case "AbortError":
        return new RtcError("device-busy",
            `The ${what} cannot be started. Is another program using it?`,
            options);

    case "OverconstrainedError":
        return new RtcError("overconstrained", undefined, options);

    case "TypeError":
    case "NotSupportedError":
        return new RtcError("not-supported", undefined, options);

    default:
        return new RtcError("device-busy",
            `The ${what} cannot be started: ${error?.message ?? error}`,
            options);
    }
}


/** @returns {MediaDevices} */
function mediaDevices() {
    const devices = globalThis.navigator?.mediaDevices;

    if (!devices?.getUserMedia) {
        throw new RtcError(globalThis.isSecureContext === false
                           ? "insecure-context" : "not-supported");
    }

    return devices;
}


/**
 * @param {MediaStreamConstraints} constraints
 * @param {string} what
 */
async function capture(constraints, what) {
    const devices = mediaDevices();

    try {
        return await devices.getUserMedia(constraints);

    } catch (error) {
        throw mediaError(error, what);
    }
}


/**
 * Opens a camera.  A camera that has gone is replaced by any other.
 *
 * @param {CameraOptions} [options]
 * @returns {Promise<MediaStreamTrack>}
 */
export async function openCamera(options = {}) {
    const { deviceId, facingMode, width = 1280, height = 720,
            frameRate = 30 } = options;

    /** @type {MediaTrackConstraints} */
    const video = {
        width: { ideal: width },
        height: { ideal: height },
        frameRate: { ideal: frameRate, max: Math.max(frameRate, 1) },
    };

    if (facingMode) {
        video.facingMode = facingMode;
    }

    return open("camera", "video", video, deviceId);
}


/**
 * Opens a microphone.  One that has gone is replaced by any other.
 *
 * @param {MicrophoneOptions} [options]
 * @returns {Promise<MediaStreamTrack>}
 */
export async function openMicrophone(options = {}) {
    const { deviceId, echoCancellation = true, noiseSuppression = true,
            autoGainControl = true } = options;

    return open("microphone", "audio",
                { echoCancellation, noiseSuppression, autoGainControl },
                deviceId);
}


/**
 * @param {string} what
 * @param {"audio"|"video"} kind
 * @param {MediaTrackConstraints} constraints
 * @param {string|undefined} deviceId
 */
async function open(what, kind, constraints, deviceId) {
    let stream;

    try {
        stream = await capture({
            [kind]: deviceId
                    ? { ...constraints, deviceId: { exact: deviceId } }
                    : constraints,
        }, what);

    } catch (error) {
        const { code } = /** @type {RtcError} */ (error);

        if (code !== "overconstrained") {
            throw error;
        }

        stream = await capture({ [kind]: true }, what);
    }

    return stream.getTracks()[0];
}


/**
 * Asks the user for a screen, a window or a tab.
 *
 * @param {ScreenOptions} [options]
 * @returns {Promise<{video: MediaStreamTrack, audio: MediaStreamTrack|null}>}
 */
export async function openScreen(options = {}) {
    const { audio = true, width = 1920, height = 1080, frameRate = 30 }
        = options;
    const devices = mediaDevices();

    if (!devices.getDisplayMedia) {
        throw new RtcError("not-supported",
                           "This browser cannot share the screen.");
    }

    let stream;

    try {
        stream = await devices.getDisplayMedia({
            video: { width: { max: width }, height: { max: height },
                     frameRate: { max: frameRate } },
            audio: audio && { echoCancellation: false,
                              noiseSuppression: false,
                              autoGainControl: false },
        });

    } catch (error) {
        throw mediaError(error, "screen");
    }

    const [video] = stream.getVideoTracks();

    if (!video.contentHint) {
        video.contentHint = "detail";
    }

    return { video, audio: stream.getAudioTracks()[0] ?? null };
}


/** Whether the browser can share a screen. */
export function canShareScreen() {
    return Boolean(globalThis.navigator?.mediaDevices?.getDisplayMedia);
}


/**
 * The devices by kind.  Names are empty until a permission was given.
 *
 * @returns {Promise<{cameras: MediaDeviceInfo[],
 *     microphones: MediaDeviceInfo[], speakers: MediaDeviceInfo[]}>}
 */
export async function listDevices() {
    const devices = await mediaDevices().enumerateDevices();

    /** @param {MediaDeviceKind} kind */
    const of = (kind) => devices.filter((d) => d.kind === kind && d.deviceId);

    return { cameras: of("videoinput"), microphones: of("audioinput"),
             speakers: of("audiooutput") };
}


/**
 * Calls back when a device is plugged in or out.
 *
 * @param {() => void} listener
 * @returns {() => void} ends it
 */
export function onDevicesChanged(listener) {
    const devices = globalThis.navigator?.mediaDevices;

    if (!devices?.addEventListener) {
        return () => { };
    }

    devices.addEventListener("devicechange", listener);

    return () => devices.removeEventListener("devicechange", listener);
}
