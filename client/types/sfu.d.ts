/**
 * @typedef {object} SfuOptions
 * @property {(event: string, data: any) => Promise<any>} request
 * @property {() => Map<string, Publication>} publications
 */
/**
 * @typedef {import("./link.js").LinkEvents & {
 *     published: {tracks: Record<string, TrackInfo>},
 *     rejected: {source: string}}} SendEvents
 */
/**
 * The transport on which the client offers.
 *
 * @extends {Link<SendEvents>}
 */
export class SendTransport extends Link<SendEvents> {
    /**
     * @param {string} id
     * @param {SfuOptions & import("./link.js").LinkOptions} options
     */
    constructor(id: string, options: SfuOptions & import("./link.js").LinkOptions);
    /** Whether there is an answer. */
    get negotiated(): boolean;
    /**
     * Sends what is published now.  Rejects when the server refuses it.
     *
     * @returns {Promise<void>}
     */
    sync(): Promise<void>;
    /** @param {DescriptionMessage} message */
    onAnswer(message: DescriptionMessage): void;
    /** Signaling was away: an answer may have been lost. */
    resumed(): void;
    #private;
}
/**
 * The transport on which the server offers.
 */
export class RecvTransport extends Link<import("./link.js").LinkEvents> {
    /**
     * @param {string} id
     * @param {SfuOptions & import("./link.js").LinkOptions} options
     */
    constructor(id: string, options: SfuOptions & import("./link.js").LinkOptions);
    /** Whether an offer of the server was answered. */
    negotiated: boolean;
    /** @param {DescriptionMessage} message */
    onOffer(message: DescriptionMessage): Promise<void | undefined>;
    #private;
}
/**
 * @typedef {object} SfuEvents
 * @property {{owner: string, rank: number, feeds: FeedInfo[]}} feeds
 * @property {{direction: "send"|"recv", state: LinkState}} state
 * @property {{tracks: Record<string, TrackInfo>}} published
 *     by source: what the server calls our tracks
 * @property {{source: string}} rejected
 */
/**
 * Both transports of a session, through all their replacements.
 *
 * @extends {Emitter<SfuEvents>}
 */
export class SfuConnection extends Emitter<SfuEvents> {
    /**
     * @param {SfuOptions & import("./link.js").LinkOptions & {
     *     configuration: () => RTCConfiguration,
     *     busy: (owner: string) => boolean}} options
     *     busy: whether tracks of that transport are what is shown
     */
    constructor(options: SfuOptions & import("./link.js").LinkOptions & {
        configuration: () => RTCConfiguration;
        busy: (owner: string) => boolean;
    });
    /** @type {SendTransport|null} */
    send: SendTransport | null;
    /** @type {RecvTransport|null} */
    recv: RecvTransport | null;
    /** @type {Set<SendTransport|RecvTransport>}  replaced, but in use yet */
    retired: Set<SendTransport | RecvTransport>;
    /** Every connection there is, for statistics. */
    get links(): (SendTransport | RecvTransport)[];
    /** @param {TransportInfo} info */
    onTransportCreated(info: TransportInfo): void;
    /** @param {DescriptionMessage} message */
    onOffer(message: DescriptionMessage): void;
    /** @param {DescriptionMessage} message */
    onAnswer(message: DescriptionMessage): void;
    /**
     * @param {RTCIceCandidateInit|null} candidate
     * @param {string} [direction]
     */
    onCandidate(candidate: RTCIceCandidateInit | null, direction?: string): void;
    /**
     * Sends what is published now.
     *
     * @returns {Promise<void>}
     */
    sync(): Promise<void>;
    /**
     * Signaling is back, with the same session.
     *
     * @param {TransportInfo[]} [transports]  those that the server has
     */
    resumed(transports?: TransportInfo[]): void;
    close(): void;
    #private;
}
export type Publication = import("./types.js").Publication;
export type FeedInfo = import("./types.js").FeedInfo;
export type TrackInfo = import("./types.js").TrackInfo;
export type TransportInfo = import("./types.js").TransportInfo;
export type DescriptionMessage = import("./types.js").DescriptionMessage;
export type LinkState = import("./link.js").LinkState;
export type SfuOptions = {
    request: (event: string, data: any) => Promise<any>;
    publications: () => Map<string, Publication>;
};
export type SendEvents = import("./link.js").LinkEvents & {
    published: {
        tracks: Record<string, TrackInfo>;
    };
    rejected: {
        source: string;
    };
};
export type SfuEvents = {
    feeds: {
        owner: string;
        rank: number;
        feeds: FeedInfo[];
    };
    state: {
        direction: "send" | "recv";
        state: LinkState;
    };
    /**
     *     by source: what the server calls our tracks
     */
    published: {
        tracks: Record<string, TrackInfo>;
    };
    rejected: {
        source: string;
    };
};
import { Link } from "./link.js";
import { Emitter } from "./emitter.js";
