/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Which of several connections' tracks is shown for a user's source.  While
 * two deliver the same (the turn from p2p to sfu, a transport's replacement)
 * the newer one is taken once it has decoded frames: no picture is lost.
 */

import { Emitter } from "../emitter.js";
import { systemClock } from "../util.js";

/** @typedef {import("../types.js").FeedInfo} FeedInfo */

/**
 * @typedef {object} Candidate
 * @property {string} key
 * @property {string} owner
 * @property {number} rank
 * @property {FeedInfo} info
 * @property {number} count   frames decoded, or packets of audio
 * @property {number} grewAt  when the count last grew
 */

/**
 * @typedef {object} Group
 * @property {string} userId
 * @property {string} source
 * @property {Map<string, Candidate>} candidates
 * @property {Candidate|null} active
 */

/**
 * @typedef {object} FeedEvents
 * @property {{userId: string, source: string, info: FeedInfo|null,
 *     owner: string|null}} active
 *     what is to be shown has changed; info is null when there is nothing
 */

const STALLED = 1000;
const FRESH = 600;
const BUSY = 1500;

/** @type {Record<string, number>} */
const ENOUGH = { video: 2, audio: 3 };


/**
 * @extends {Emitter<FeedEvents>}
 */
export class FeedSelector extends Emitter {
    /** @type {Map<string, Group>} */
    #groups = new Map();

    #clock;
    #probe;
    #interval;

    /** @type {any} */
    #timer = null;

    #watchers = 0;
    #closed = false;

    /**
     * @param {{clock?: import("../types.js").Clock, interval?: number,
     *     probe?: (info: FeedInfo) => Promise<number>}} [options]
     */
    constructor(options = {}) {
        super();
        this.#clock = options.clock ?? systemClock;
        this.#probe = options.probe ?? decoded;
        this.#interval = options.interval ?? 200;
    }

    /**
     * Says what a connection delivers now: all of it.
     *
     * @param {string} owner  the connection
     * @param {number} rank   the higher one wins
     * @param {FeedInfo[]} infos
     */
    set(owner, rank, infos) {
        /** @type {Set<string>} */
        const present = new Set();

        /** @type {Set<Group>} */
        const touched = new Set();

        for (const info of infos) {
            const name = JSON.stringify([info.userId, info.source]);
            const key = JSON.stringify([owner, info.mid, info.userId,
                                        info.source, info.trackId ?? ""]);
            let group = this.#groups.get(name);

            if (!group) {
                group = { userId: info.userId, source: info.source,
                          candidates: new Map(), active: null };
                this.#groups.set(name, group);
            }

            present.add(key);

            const candidate = group.candidates.get(key);

            if (candidate) {
                candidate.info = info;
                continue;
            }

            group.candidates.set(key, { key, owner, rank, info, count: 0,
                                        grewAt: this.#clock.now() });
            touched.add(group);
        }

        for (const group of this.#groups.values()) {
            for (const candidate of group.candidates.values()) {
                if (candidate.owner === owner && !present.has(candidate.key))
                {
                    group.candidates.delete(candidate.key);
                    touched.add(group);
                }
            }
        }

        for (const group of touched) {
            this.#select(group);
        }

        this.#arm();
    }

    /**
     * Forgets a user who has left.
     *
     * @param {string} userId
     */
    removeUser(userId) {
        for (const group of this.#groups.values()) {
            if (group.userId === userId) {
                group.candidates.clear();
                this.#select(group);
            }
        }
    }

    /**
     * What is shown.
     *
     * @param {string} userId
     * @param {string} source
     */
    active(userId, source) {
        const name = JSON.stringify([userId, source]);
        const active = this.#groups.get(name)?.active;

        return active ? { info: active.info, owner: active.owner } : null;
    }

    /**
     * Whether something of this connection is shown and moving.
     *
     * @param {string} owner
     */
    busy(owner) {
        const now = this.#clock.now();

        for (const { active } of this.#groups.values()) {
            if (active?.owner === owner && now - active.grewAt < BUSY) {
                return true;
            }
        }

        return false;
    }

    /**
     * Keeps counting frames of everything, which `busy` needs.
     *
     * @returns {() => void} ends it
     */
    watch() {
        let on = true;

        this.#watchers++;
        this.#arm();

        return () => {
            if (on) {
                on = false;
                this.#watchers--;
            }
        };
    }

    close() {
        this.#closed = true;
        this.#clock.clearTimeout(this.#timer);
        this.#groups.clear();
    }

    /** Looks at all counters once; the timer does it. */
    async poll() {
        const all = this.#watchers > 0;

        for (const group of [...this.#groups.values()]) {
            if (!all && group.candidates.size < 2) {
                continue;
            }

            await Promise.all([...group.candidates.values()].map((c) => {
                return this.#count(c);
            }));

            if (this.#closed) {
                return;
            }

            this.#select(group);
        }
    }

    /** @param {Candidate} candidate */
    async #count(candidate) {
        let count;

        try {
            count = await this.#probe(candidate.info);

        } catch {
            return;
        }

        /* Firefox may begin again at 0 */

        if (count !== candidate.count) {
            candidate.count = count;
            candidate.grewAt = this.#clock.now();
        }
    }

    #arm() {
        if (this.#timer !== null || this.#closed || !this.#needed()) {
            return;
        }

        this.#timer = this.#clock.setTimeout(async () => {
            await this.poll();
            this.#timer = null;
            this.#arm();
        }, this.#interval);
    }

    #needed() {
        if (this.#watchers > 0) {
            return true;
        }

        for (const group of this.#groups.values()) {
            if (group.candidates.size > 1) {
                return true;
            }
        }

        return false;
    }

    /** @param {Group} group */
    #select(group) {
        const now = this.#clock.now();
        const candidates = [...group.candidates.values()]
                           .sort((a, b) => b.rank - a.rank);
        const previous = group.active;
        let active = previous && group.candidates.has(previous.key)
                     ? previous : null;

        /** @param {Candidate} c */
        const moving = (c) => {
            return c.count >= ENOUGH[c.info.kind] && now - c.grewAt <= FRESH;
        };

        if (!active) {
            active = candidates.find(moving)
                     ?? candidates.find((c) => c.count > 0)
                     ?? candidates[0] ?? null;

        } else {
            const current = active;
            const better = candidates.find((c) => {
                return c !== current && moving(c)
                       && (c.rank > current.rank
                           || (c.rank === current.rank
                               && c.count > 0 && current.count === 0)
                           || now - current.grewAt > STALLED);
            });

            active = better ?? active;
        }

        if (group.candidates.size === 0) {
            this.#groups.delete(JSON.stringify([group.userId,
                                                group.source]));
        }

        group.active = active;

        if (active !== previous) {
            this.emit("active", { userId: group.userId,
                                  source: group.source,
                                  info: active?.info ?? null,
                                  owner: active?.owner ?? null });
        }
    }
}


/**
 * Frames decoded so far, or packets of audio.
 *
 * @param {FeedInfo} info
 * @returns {Promise<number>}
 */
async function decoded(info) {
    const report = await info.receiver.getStats();
    let count = 0;

    report.forEach((stat) => {
        if (stat.type === "inbound-rtp") {
            count = Math.max(count, (info.kind === "video"
                                     ? stat.framesDecoded
                                     : stat.packetsReceived) ?? 0);
        }
    });

    return count;
}
