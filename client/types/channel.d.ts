/** @typedef {import("./types.js").Channel} Channel */
/**
 * @implements {Channel}
 */
export class WebSocketChannel implements Channel {
    /**
     * @param {string|URL} url
     *     ws: or wss:; http: and https: are taken too, and what is relative
     *     to the page
     * @param {{WebSocket?: any}} [options]
     */
    constructor(url: string | URL, options?: {
        WebSocket?: any;
    });
    /** @type {(event: string, data: any) => void} */
    onevent: (event: string, data: any) => void;
    /** @type {(info: {code: number, reason: string}) => void} */
    onclose: (info: {
        code: number;
        reason: string;
    }) => void;
    /** @returns {Promise<void>} */
    open(): Promise<void>;
    /**
     * @param {string} event
     * @param {any} data
     * @returns {Promise<any>}
     */
    request(event: string, data: any): Promise<any>;
    /**
     * @param {string} event
     * @param {any} data
     */
    send(event: string, data: any): void;
    /**
     * @param {number} [code]
     * @param {string} [reason]
     */
    close(code?: number, reason?: string): void;
    #private;
}
export type Channel = import("./types.js").Channel;
