/*
 * Copyright (C) nginx-rtc-module authors
 *
 * A stand-in for the server, for tests of the library alone: it serves the
 * page and relays p2p signaling in plain WebSocket framing.  No SFU.
 *
 * node test/mock-server.js [port]
 */

import { createServer } from "node:http";
import { readFile, stat } from "node:fs/promises";
import { randomBytes, randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import path from "node:path";

import { WebSocketServer } from "ws";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

/** @type {Record<string, string>} */
const types = {
    ".html": "text/html; charset=utf-8", ".js": "text/javascript",
    ".css": "text/css", ".svg": "image/svg+xml", ".json": "application/json",
    ".webmanifest": "application/manifest+json",
};

const policy = "default-src 'self'; connect-src 'self' ws: wss:;"
               + " media-src 'self' blob: mediastream:; img-src 'self' data:;"
               + " style-src 'self'; script-src 'self'; base-uri 'none';"
               + " frame-ancestors 'none'";


/**
 * @param {{port?: number, resumeTimeout?: number, host?: string}} [options]
 */
export async function startMockServer(options = {}) {
    const { port = 0, resumeTimeout = 20000, host = "127.0.0.1" } = options;

    /** @type {Map<string, any>} */
    const rooms = new Map();
    const sockets = new Set();
    const counts = { offers: 0, answers: 0 };

    const http = createServer(async (request, response) => {
        const url = new URL(request.url ?? "/", "http://x");
        const name = url.pathname === "/" ? "/demo/index.html"
                     : decodeURIComponent(url.pathname);
        const file = path.join(root, path.normalize(name));

        try {
            if (!file.startsWith(root) || !(await stat(file)).isFile()) {
                throw new Error("no file");
            }

            const body = await readFile(file);

            response.writeHead(200, {
                "Content-Type": types[path.extname(file)]
                                ?? "application/octet-stream",
                "Content-Security-Policy": policy,
                "Cache-Control": "no-store",
            });
            response.end(body);

        } catch {
            response.writeHead(404).end("not found\n");
        }
    });

    const server = new WebSocketServer({
        server: http, path: "/rtc",
        handleProtocols: (offered) => offered.has("rtc.json") && "rtc.json",
    });

    server.on("connection", (socket) => {
        sockets.add(socket);

        /** @type {any} */
        let me = null;

        socket.on("close", () => {
            sockets.delete(socket);

            if (me && me.socket === socket) {
                lost(me);
            }
        });

        socket.on("error", () => { });

        socket.on("message", (data) => {
            let frame;

            try {
                frame = JSON.parse(String(data));

            } catch {
                send(socket, { event: "error", data: { event: "", code:
                               "bad-request", message: "no JSON" } });
                return;
            }

            let answer;

            try {
                answer = { data: handle(frame.event, frame.data ?? {}) };

            } catch (error) {
                const code = /** @type {any} */ (error).code ?? "internal";

                answer = { error: { code, message: String(error) } };
            }

            const { after, ...rest } = answer.data ?? {};

            if (frame.id !== undefined) {
                send(socket, answer.error ? { id: frame.id, ...answer }
                             : { id: frame.id, data: rest });
            }

            after?.();
        });

        /**
         * @param {string} event
         * @param {any} data
         */
        function handle(event, data) {
            if (event === "ping") {
                return {};
            }

            if (event === "join-room") {
                return join(data);
            }

            if (!me) {
                throw fail("not-in-room");
            }

            const room = me.room;

            switch (event) {

            case "leave-room":
                leave(me, "left");
                me = null;
                return {};

            case "webrtc-offer":
            case "webrtc-answer":
            case "ice-candidate":
            case "message": {
                const target = data.targetUserId ?? data.to;
                const targets = [...room.members.values()].filter((m) => {
                    return m !== me && (target === undefined
                                        || m.info.userId === target);
                });

                if (target !== undefined && targets.length === 0) {
                    throw fail("no-such-user");
                }

                counts.offers += event === "webrtc-offer" ? 1 : 0;
                counts.answers += event === "webrtc-answer" ? 1 : 0;

                for (const member of targets) {
                    const { offer, answer, candidate } = data;
                    const payload = event === "message" ? { data: data.data }
                        : event === "webrtc-offer" ? { offer }
                        : event === "webrtc-answer" ? { answer }
                        : { candidate };

                    tell(member, event, { fromUserId: me.info.userId,
                                          ...payload });
                }

                return {};
            }

            case "media-state":
                Object.assign(me.info.mediaState, data);
                others(me, "media-state-changed", {
                    userId: me.info.userId, mediaState: me.info.mediaState,
                });
                return {};

            case "start-screen-share":
            case "stop-screen-share":
                me.info.mediaState.screenShare
                    = event === "start-screen-share";
                others(me, event === "start-screen-share"
                           ? "screen-share-started" : "screen-share-stopped",
                       { userId: me.info.userId });
                return {};

            case "update-self":
                Object.assign(me.info, data);
                others(me, "user-updated", { ...me.info });
                return {};

            case "kick": {
                const member = room.members.get(data.userId);

                if (!member) {
                    throw fail("no-such-user");
                }

                tell(member, "kicked", { reason: data.reason ?? "kicked" });
                leave(member, "kicked");
                return {};
            }

            case "mute": {
                const { userId, kind, locked = false } = data;

                for (const member of room.members.values()) {
                    tell(member, "muted", { userId, kind, locked,
                                            by: me.info.userId });
                }

                return {};
            }

            default:
                throw fail("unknown-event");
            }
        }

        /** @param {any} data */
        function join(data) {
            if (me) {
                throw fail("already-joined");
            }

            if (!data.roomId) {
                throw fail("bad-request");
            }

            let room = rooms.get(data.roomId);

            if (data.resume) {
                const found = room && [...room.members.values()].find(
                    (m) => m.session.resume === data.resume);

                if (!found) {
                    throw fail("resume-failed");
                }

                me = found;
                clearTimeout(me.timer);
                me.socket?.terminate();
                me.socket = socket;
                me.session = session();

                return { ...answer(me), resumed: true, transports: [],
                         after: () => {
                    tell(me, "room-state", state(room));
                    others(me, "user-connection", {
                        userId: me.info.userId, state: "back",
                    });
                } };
            }

            const userId = data.userId ?? randomUUID().slice(0, 8);

            if (room?.members.has(userId)) {
                throw fail("user-id-taken");
            }

            if (!room) {
                room = { id: data.roomId, members: new Map() };
                rooms.set(room.id, room);
            }

            me = {
                room, socket, session: session(), timer: null,
                info: {
                    id: randomUUID(), userId,
                    name: data.name, metadata: data.metadata,
                    role: room.members.size ? "participant" : "host",
                    mediaState: { video: false, audio: false,
                                  screenShare: false, quality: "high",
                                  ...data.mediaState },
                    joinedAt: new Date().toISOString(),
                    tracks: [],
                },
            };

            room.members.set(userId, me);

            return { ...answer(me), after: () => {
                tell(me, "room-state", state(room));
                others(me, "user-joined", { ...me.info });
            } };
        }
    });

    function session() {
        return { id: randomUUID(), resume: randomBytes(16).toString("hex"),
                 timeout: resumeTimeout };
    }

    /** @param {any} member */
    function answer(member) {
        const { participants: _, ...room } = state(member.room);

        return { self: member.info, room, iceServers: [],
                 session: member.session };
    }

    /** @param {any} room */
    function state(room) {
        return { id: room.id, type: "meeting", mode: "p2p", isPublic: false,
                 maxParticipants: 50, locked: false, metadata: null,
                 participants: [...room.members.values()].map(
                     (m) => m.info) };
    }

    /** @param {any} member */
    function lost(member) {
        member.socket = null;
        others(member, "user-connection", { userId: member.info.userId,
                                            state: "lost" });
        member.timer = setTimeout(() => leave(member, "timeout"),
                                  resumeTimeout);
        member.timer.unref();
    }

    /**
     * @param {any} member
     * @param {string} reason
     */
    function leave(member, reason) {
        const { room, info } = member;

        clearTimeout(member.timer);

        if (room.members.get(info.userId) !== member) {
            return;
        }

        room.members.delete(info.userId);
        others(member, "user-left", { userId: info.userId, reason });

        if (room.members.size === 0) {
            rooms.delete(room.id);
        }
    }

    /**
     * @param {any} member
     * @param {string} event
     * @param {any} data
     */
    function tell(member, event, data) {
        if (member.socket) {
            send(member.socket, { event, data });
        }
    }

    /**
     * @param {any} member
     * @param {string} event
     * @param {any} data
     */
    function others(member, event, data) {
        for (const other of member.room.members.values()) {
            if (other !== member) {
                tell(other, event, data);
            }
        }
    }

    await new Promise((resolve) => {
        http.listen(port, host, () => resolve(undefined));
    });

    const address = /** @type {any} */ (http.address());

    return {
        port: address.port,
        url: `http://${host}:${address.port}/`,
        rooms,
        counts,

        /** Cuts all signaling connections, as a network would. */
        cut() {
            for (const socket of sockets) {
                socket.terminate();
            }
        },

        /** Forgets all sessions, as a restarted server would. */
        forget() {
            for (const room of rooms.values()) {
                for (const member of room.members.values()) {
                    clearTimeout(member.timer);
                    member.info = { ...member.info };
                }

                room.members.clear();
            }

            rooms.clear();
            this.cut();
        },

        async close() {
            for (const socket of sockets) {
                socket.terminate();
            }

            server.close();
            await new Promise((resolve) => http.close(resolve));
        },
    };
}


/**
 * @param {any} socket
 * @param {any} frame
 */
function send(socket, frame) {
    if (socket.readyState === 1) {
        socket.send(JSON.stringify(frame));
    }
}


/** @param {string} code */
function fail(code) {
    return Object.assign(new Error(code), { code });
}


if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const { url } = await startMockServer({
        port: Number(process.argv[2] ?? 8080),
    });

    process.stdout.write(`${url}\n`);
}
