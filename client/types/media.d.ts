/**
 * Opens a camera.  A camera that has gone is replaced by any other.
 *
 * @param {CameraOptions} [options]
 * @returns {Promise<MediaStreamTrack>}
 */
export function openCamera(options?: CameraOptions): Promise<MediaStreamTrack>;
/**
 * Opens a microphone.  One that has gone is replaced by any other.
 *
 * @param {MicrophoneOptions} [options]
 * @returns {Promise<MediaStreamTrack>}
 */
export function openMicrophone(options?: MicrophoneOptions): Promise<MediaStreamTrack>;
/**
 * Asks the user for a screen, a window or a tab.
 *
 * @param {ScreenOptions} [options]
 * @returns {Promise<{video: MediaStreamTrack, audio: MediaStreamTrack|null}>}
 */
export function openScreen(options?: ScreenOptions): Promise<{
    video: MediaStreamTrack;
    audio: MediaStreamTrack | null;
}>;
/** Whether the browser can share a screen. */
export function canShareScreen(): boolean;
/**
 * The devices by kind.  Names are empty until a permission was given.
 *
 * @returns {Promise<{cameras: MediaDeviceInfo[],
 *     microphones: MediaDeviceInfo[], speakers: MediaDeviceInfo[]}>}
 */
export function listDevices(): Promise<{
    cameras: MediaDeviceInfo[];
    microphones: MediaDeviceInfo[];
    speakers: MediaDeviceInfo[];
}>;
/**
 * Calls back when a device is plugged in or out.
 *
 * @param {() => void} listener
 * @returns {() => void} ends it
 */
export function onDevicesChanged(listener: () => void): () => void;
export type CameraOptions = {
    deviceId?: string | undefined;
    facingMode?: "environment" | "user" | undefined;
    /**
     * default 1280
     */
    width?: number | undefined;
    /**
     * default 720
     */
    height?: number | undefined;
    /**
     * default 30
     */
    frameRate?: number | undefined;
};
export type MicrophoneOptions = {
    deviceId?: string | undefined;
    /**
     * default true
     */
    echoCancellation?: boolean | undefined;
    /**
     * default true
     */
    noiseSuppression?: boolean | undefined;
    /**
     * default true
     */
    autoGainControl?: boolean | undefined;
};
export type ScreenOptions = {
    /**
     * the sound of a tab or the system, too
     */
    audio?: boolean | undefined;
    /**
     * at most, default 1920
     */
    width?: number | undefined;
    /**
     * at most, default 1080
     */
    height?: number | undefined;
    /**
     * at most, default 30
     */
    frameRate?: number | undefined;
};
