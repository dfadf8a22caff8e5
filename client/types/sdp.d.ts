/**
 * The m-lines of a description, in their order.
 *
 * @param {string} sdp
 * @returns {Section[]}
 */
export function sections(sdp: string): Section[];
/** @param {Section} section */
export function sends(section: Section): boolean;
/** @param {Section} section */
export function receives(section: Section): boolean;
/**
 * Names the streams of a description that is about to be sent: browsers
 * choose stream ids themselves, and a receiver without our `tracks` tells a
 * screen from a camera by "~screen".
 *
 * @param {string} sdp
 * @param {Record<string, string>} streams  mid → stream id
 * @returns {string}
 */
export function nameStreams(sdp: string, streams: Record<string, string>): string;
/**
 * The stream id under which a user's tracks are sent.
 *
 * @param {string} userId
 * @param {string} participantId
 * @param {string} source
 */
export function streamIdOf(userId: string, participantId: string, source: string): string;
/**
 * What an m-line carries when nobody has said so.
 *
 * @param {"audio"|"video"} kind
 * @param {string} streamId
 */
export function sourceOf(kind: "audio" | "video", streamId: string): "camera" | "microphone" | "screen" | "screen-audio";
export type Section = {
    mid: string;
    kind: "audio" | "video" | "application";
    direction: "sendrecv" | "sendonly" | "recvonly" | "inactive";
    rejected: boolean;
    /**
     * "" when there is none
     */
    streamId: string;
};
