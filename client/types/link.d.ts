/** @param {RTCRtpTransceiverDirection} direction */
export function directionSends(direction: RTCRtpTransceiverDirection): direction is "sendonly" | "sendrecv";
/**
 * @param {RTCRtpTransceiverDirection} direction
 * @param {boolean} send
 * @returns {RTCRtpTransceiverDirection}
 */
export function withSend(direction: RTCRtpTransceiverDirection, send: boolean): RTCRtpTransceiverDirection;
/**
 * Makes the senders of a connection send exactly `publications`.
 *
 * @param {Map<string, RTCRtpTransceiver>} slots
 * @param {Map<string, Publication>} publications
 * @param {(publication: Publication) => RTCRtpTransceiver|null} add
 *     makes or finds a transceiver for a source that has none; null: not now
 * @returns {Promise<boolean>} whether an offer is needed
 */
export function syncSlots(slots: Map<string, RTCRtpTransceiver>, publications: Map<string, Publication>, add: (publication: Publication) => RTCRtpTransceiver | null): Promise<boolean>;
/**
 * The encodings of a publication.
 *
 * @param {Publication} publication
 * @param {boolean} allowSimulcast
 * @returns {RTCRtpEncodingParameters[]}
 */
export function encodingsOf(publication: Publication, allowSimulcast: boolean): RTCRtpEncodingParameters[];
/**
 * Sets the limits of a publication on a sender that was made without them,
 * or with those of what it sent before.
 *
 * @param {RTCRtpSender} sender
 * @param {Publication} publication
 */
export function limitSender(sender: RTCRtpSender, publication: Publication): Promise<void>;
/**
 * The codecs for setCodecPreferences.
 *
 * @param {string|undefined} codec  "vp8", "vp9", "h264", "av1"
 * @param {boolean} only  leave out the other video codecs
 * @returns {any[]|null} null: leave the browser's order
 */
export function codecPreferences(codec: string | undefined, only: boolean): any[] | null;
/**
 * @template {LinkEvents} [Events=LinkEvents]
 * @extends {Emitter<Events>}
 */
export class Link<Events extends LinkEvents = LinkEvents> extends Emitter<Events> {
    /**
     * @param {string} id
     * @param {LinkOptions} options
     */
    constructor(id: string, options: LinkOptions);
    /** @type {RTCPeerConnection} */
    pc: RTCPeerConnection;
    /** @type {string} */
    id: string;
    /** @type {LinkState} */
    state: LinkState;
    /** @type {Map<string, RTCRtpTransceiver>}  source → what sends it */
    slots: Map<string, RTCRtpTransceiver>;
    /** @type {FeedInfo[]} */
    feeds: FeedInfo[];
    clock: import("./types.js").Clock;
    logger: import("./types.js").Logger;
    queue: SerialQueue;
    /** How long before a restart is asked for, besides the grace. */
    restartDelay: number;
    get closed(): boolean;
    /** Whether it has ever been connected. */
    everConnected: boolean;
    close(): void;
    /** Starts an ICE restart; the kinds of links do it differently. */
    restart(): void;
    /** @param {FeedInfo[]} feeds */
    setFeeds(feeds: FeedInfo[]): void;
    #private;
}
export type Publication = import("./types.js").Publication;
export type FeedInfo = import("./types.js").FeedInfo;
export type LinkState = "new" | "connecting" | "connected" | "interrupted" | "failed" | "closed";
export type LinkOptions = {
    config?: RTCConfiguration | undefined;
    /**
     * the constructor; the browser's by default
     */
    PeerConnection?: any;
    clock?: import("./types.js").Clock | undefined;
    logger?: import("./types.js").Logger | undefined;
};
export type LinkEvents = {
    state: {
        state: LinkState;
    };
    /**
     * all remote tracks of the link
     */
    feeds: {
        feeds: FeedInfo[];
    };
};
import { Emitter } from "./emitter.js";
import { SerialQueue } from "./util.js";
