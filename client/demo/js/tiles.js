/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The tiles of a call.  Tiles are placed, never moved in the document: a
 * video that is moved stops for a moment.
 */

import { icon, make, setAvatar } from "./dom.js";
import { layout } from "./layout.js";

/**
 * @typedef {object} TileOptions
 * @property {string} userId
 * @property {string} source  "camera" or "screen"
 * @property {boolean} self
 */

export class Tile {
    /** @type {string} */
    key;

    userId;
    source;
    self;
    element = make("div", "tile dark");
    video = make("video");
    numbers = make("pre", "numbers");
    tools = make("div", "tools");
    pin = make("button");

    #avatar = make("div", "avatar");
    #name = make("span", "name");
    #host = make("span", "host", "host");
    #muted = make("span", "muted");
    #offline = make("span", "muted");

    /** @param {TileOptions} options */
    constructor({ userId, source, self }) {
        this.key = `${userId}/${source}`;
        this.userId = userId;
        this.source = source;
        this.self = self;

        const { video, element, pin } = this;

        video.autoplay = true;
        video.playsInline = true;
        video.muted = true;

        for (const name of ["loadeddata", "resize", "emptied"]) {
            video.addEventListener(name, () => {
                element.classList.toggle("live", video.videoWidth > 0);
            });
        }

        pin.type = "button";
        pin.title = "Show large";
        pin.setAttribute("aria-label", "Show large");
        pin.setAttribute("aria-pressed", "false");
        pin.append(icon("pin"));
        this.tools.append(pin);

        this.#muted.append(icon("mic-off"));
        this.#muted.title = "Muted";
        this.#offline.append(icon("offline"));
        this.#offline.title = "Connection lost, waiting";

        const who = make("div", "who");

        who.append(this.#muted, this.#offline, this.#name, this.#host);
        this.numbers.hidden = true;
        element.append(video, this.#avatar, who, this.numbers, this.tools);
        element.tabIndex = 0;
        element.setAttribute("role", "group");
        element.classList.toggle("screen", source === "screen");
        element.classList.toggle("mirror", self && source === "camera");
        element.dataset.user = userId;
        element.dataset.source = source;

        this.describe({ name: userId, muted: false, host: false,
                        online: true });
    }

    /**
     * @param {{name: string, muted: boolean, host: boolean,
     *     online: boolean}} state
     */
    describe({ name, muted, host, online }) {
        const label = this.self ? `${name || "You"} (you)` : name;
        const text = this.source === "screen"
                     ? this.self ? "Your screen" : `Screen of ${name}`
                     : label;

        this.#name.textContent = text;
        this.#host.hidden = !host || this.source === "screen";
        this.#muted.hidden = !muted || this.source === "screen";
        this.#offline.hidden = online;
        this.element.classList.toggle("offline", !online);
        this.element.setAttribute("aria-label", [
            text, muted && "muted", !online && "connection lost",
        ].filter(Boolean).join(", "));
        setAvatar(this.#avatar, name || "You", this.userId);
    }

    /**
     * @param {MediaStream|null} stream
     */
    show(stream) {
        if (this.video.srcObject !== stream) {
            this.video.srcObject = stream;
            this.element.classList.remove("live");
        }

        if (stream) {
            this.video.play().catch(() => { });
        }
    }

    /** @param {boolean} lit whether there is a picture */
    light(lit) {
        this.element.classList.toggle("dark", !lit);
    }

    /** @param {boolean} speaking */
    speak(speaking) {
        this.element.classList.toggle("speaking", speaking);
    }

    remove() {
        this.video.srcObject = null;
        this.element.remove();
    }
}


export class Stage {
    /** @type {Map<string, Tile>} */
    tiles = new Map();

    /** @type {string|null} */
    pinned = null;

    #element;
    #frame = 0;
    #observer;

    /** @param {HTMLElement} element */
    constructor(element) {
        this.#element = element;
        this.#observer = new ResizeObserver(() => this.place());
        this.#observer.observe(element);
    }

    /** @param {TileOptions} options */
    add(options) {
        const tile = new Tile(options);

        this.tiles.get(tile.key)?.remove();
        this.tiles.set(tile.key, tile);

        tile.pin.addEventListener("click", () => this.togglePin(tile.key));

        tile.element.addEventListener("dblclick", (event) => {
            if (!(/** @type {Element} */ (event.target)).closest("button")) {
                this.togglePin(tile.key);
            }
        });

        tile.element.addEventListener("keydown", (event) => {
            if (event.key === "Enter" && event.target === tile.element) {
                this.togglePin(tile.key);
            }
        });

        this.#element.append(tile.element);
        this.place();

        return tile;
    }

    /** @param {string} key */
    remove(key) {
        const tile = this.tiles.get(key);

        if (!tile) {
            return;
        }

        if (this.pinned === key) {
            this.pinned = null;
        }

        tile.remove();
        this.tiles.delete(key);
        this.place();
    }

    clear() {
        for (const key of [...this.tiles.keys()]) {
            this.remove(key);
        }

        this.pinned = null;
    }

    /** The stage is not used any more. */
    close() {
        this.clear();
        cancelAnimationFrame(this.#frame);
        this.#observer.disconnect();
    }

    /** @param {string} key */
    togglePin(key) {
        this.pinned = this.pinned === key ? null : key;
        this.place();
    }

    /** Places the tiles with the next frame. */
    place() {
        cancelAnimationFrame(this.#frame);
        this.#frame = requestAnimationFrame(() => this.#place());
    }

    #place() {
        const tiles = [...this.tiles.values()];
        let prominent = tiles.findIndex((tile) => tile.key === this.pinned);

        if (prominent < 0) {
            /* the newest screen of somebody else */
            prominent = tiles.findLastIndex((tile) => {
                return tile.source === "screen" && !tile.self;
            });
        }

        const rects = layout(tiles.length, prominent, {
            width: this.#element.clientWidth,
            height: this.#element.clientHeight,
        });

        tiles.forEach((tile, i) => {
            const { style, classList } = tile.element;
            const { x, y, width, height } = rects[i];
            const pinned = tile.key === this.pinned;

            style.transform = `translate(${x}px, ${y}px)`;
            style.width = `${width}px`;
            style.height = `${height}px`;
            classList.toggle("prominent", i === prominent);
            classList.toggle("pinned", pinned);
            tile.pin.setAttribute("aria-pressed", String(pinned));
        });
    }
}
