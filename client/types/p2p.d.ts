/**
 * @typedef {object} PeerOptions
 * @property {string} userId         of the remote user
 * @property {string} selfId         our participant id
 * @property {string} selfUserId
 * @property {boolean} initiator     whether the first offer is ours
 * @property {(event: string, data: any) => Promise<any>} request
 * @property {() => Map<string, Publication>} publications
 */
/**
 * The connection to one remote user.
 */
export class P2pPeer extends Link<import("./link.js").LinkEvents> {
    /**
     * @param {PeerOptions & import("./link.js").LinkOptions} options
     */
    constructor(options: PeerOptions & import("./link.js").LinkOptions);
    userId: string;
    /** Whether our offer gives way when both sides offer at once. */
    polite: boolean;
    /** Begins: offers, or waits for the other side's offer. */
    start(): void;
    /** Sends what is published now, negotiating if that is needed. */
    sync(): Promise<void | undefined>;
    /**
     * Signaling was away, ours or theirs: descriptions may have been lost.
     */
    resumed(): void;
    /** @param {DescriptionMessage} message */
    onOffer(message: DescriptionMessage): void;
    /** @param {DescriptionMessage} message */
    onAnswer(message: DescriptionMessage): void;
    /** @param {RTCIceCandidateInit|null} candidate */
    onCandidate(candidate: RTCIceCandidateInit | null): void;
    #private;
}
/**
 * @typedef {object} MeshEvents
 * @property {{owner: string, feeds: FeedInfo[]}} feeds
 * @property {{owner: string, userId: string,
 *     state: import("./link.js").LinkState}} state
 */
/**
 * All p2p connections of a room.
 *
 * @extends {Emitter<MeshEvents>}
 */
export class P2pMesh extends Emitter<MeshEvents> {
    /**
     * @param {import("./link.js").LinkOptions & {
     *     request: (event: string, data: any) => Promise<any>,
     *     publications: () => Map<string, Publication>,
     *     self: () => {id: string, userId: string},
     *     configuration: () => RTCConfiguration}} options
     */
    constructor(options: import("./link.js").LinkOptions & {
        request: (event: string, data: any) => Promise<any>;
        publications: () => Map<string, Publication>;
        self: () => {
            id: string;
            userId: string;
        };
        configuration: () => RTCConfiguration;
    });
    /** @type {Map<string, P2pPeer>} */
    peers: Map<string, P2pPeer>;
    /**
     * @param {string} userId
     * @param {boolean} initiator
     */
    add(userId: string, initiator: boolean): P2pPeer;
    /** @param {string} userId */
    remove(userId: string): void;
    /** @returns {Promise<any>} */
    sync(): Promise<any>;
    /** @param {string} [userId]  only the one to this user */
    resumed(userId?: string): void;
    close(): void;
    #private;
}
export type Publication = import("./types.js").Publication;
export type FeedInfo = import("./types.js").FeedInfo;
export type DescriptionMessage = import("./types.js").DescriptionMessage;
export type PeerOptions = {
    /**
     * of the remote user
     */
    userId: string;
    /**
     * our participant id
     */
    selfId: string;
    selfUserId: string;
    /**
     * whether the first offer is ours
     */
    initiator: boolean;
    request: (event: string, data: any) => Promise<any>;
    publications: () => Map<string, Publication>;
};
export type MeshEvents = {
    feeds: {
        owner: string;
        feeds: FeedInfo[];
    };
    state: {
        owner: string;
        userId: string;
        state: import("./link.js").LinkState;
    };
};
import { Link } from "./link.js";
import { Emitter } from "./emitter.js";
