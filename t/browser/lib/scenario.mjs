/*
 * Copyright (C) nginx-rtc-module authors
 *
 * A browser test: nginx as asked for, browsers as needed, and when it fails
 * all that helps to see why.
 *
 *     scenario("two tabs talk", { workers: 4 }, async (s) => {
 *         const alice = await s.chromium("alice", "/?room=a");
 *         const bob = await s.firefox("bob", "/?room=a");
 *
 *         await bob.until(() => document.querySelectorAll("video").length,
 *                         "a video");
 *     });
 */

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { launchChromium, launchFirefox } from "./browsers.mjs";
import { losePackets, cutPorts } from "./network.mjs";
import { startNginx } from "./nginx.mjs";
import { slow, until } from "./until.mjs";


const results = path.resolve(path.dirname(fileURLToPath(import.meta.url)),
                             "../../../build/browser");


/*
 * Options are those of startNginx(), and: timeout, milliseconds; chromium,
 * firefox: options of the launch; nginx: false, to start none; errors: a
 * regular expression of console errors that are expected.
 */

export function scenario(name, options, fn) {
    test(name, { timeout: (options.timeout ?? 120000) * slow }, async () => {
        const s = new Scenario(name, options);
        let failure;

        try {
            if (options.nginx !== false) {
                s.nginx = await startNginx(options);
            }

            await fn(s);

        } catch (e) {
            failure = e;
            await s.explain();
        }

        const wrong = await s.end(failure);

        if (failure) {
            throw failure;
        }

        assert.deepEqual(wrong, [], "no alerts and no errors of pages");
    });
}


class Scenario {

    constructor(name, options) {
        this.name = name;
        this.options = options;
        this.tabs = [];
        this.browsers = {};
        this.cleanups = [];
    }

    /* opens a tab at a path of nginx or an URL, with the tab's name */

    chromium(name, url, options) {
        return this.open("chromium", launchChromium, name, url, options);
    }

    firefox(name, url, options) {
        return this.open("firefox", launchFirefox, name, url, options);
    }

    /* options.browser: tabs of another name are in another process */

    async open(kind, launch, name, url, options = {}) {
        const key = options.browser ?? kind;

        this.browsers[key] ??= launch(this.options[kind]);

        const browser = await this.browsers[key];
        const tab = await browser.open(name, options);

        this.tabs.push(tab);

        if (url !== undefined) {
            await tab.goto(new URL(url, this.nginx?.url).href);
        }

        return tab;
    }

    /* {toServer, fromServer}: percent of media packets lost from now on */

    lose(loss) {
        const { media, mediaPorts } = this.nginx;
        const end = losePackets(media, media + mediaPorts - 1, loss);

        return this.cleanup(end);
    }

    cut() {
        const { media, mediaPorts } = this.nginx;

        return this.cleanup(cutPorts(media, media + mediaPorts - 1));
    }

    /* called at the end at the latest; returns a function that calls it */

    cleanup(fn) {
        let done = false;
        const once = async () => {
            if (!done) {
                done = true;
                await fn();
            }
        };

        this.cleanups.push(once);

        return once;
    }

    until(fn, what, timeout) {
        return until(fn, what, timeout);
    }

    async explain() {
        const folder = path.join(results,
                                 this.name.replace(/[^A-Za-z0-9]+/g, "-"));

        fs.mkdirSync(folder, { recursive: true });

        for (const tab of this.tabs) {
            if (tab.closed) {
                continue;
            }

            const file = path.join(folder, `${tab.name}.png`);

            try {
                await tab.screenshot(file);
                console.error(`# ${tab.name}: ${file}`);

            } catch (e) {
                console.error(`# ${tab.name}: no screenshot: ${e.message}`);
            }

            for (const line of tab.console.slice(-40)) {
                console.error(`# ${tab.name}: ${line}`);
            }
        }

        if (this.nginx) {
            fs.writeFileSync(path.join(folder, "error.log"),
                             this.nginx.log());

            for (const line of this.nginx.log(40).split("\n")) {
                console.error(`# nginx: ${line}`);
            }
        }
    }

    async end(failure) {
        const wrong = [];

        for (const tab of this.tabs) {
            wrong.push(...tab.errors
                .filter((line) => !this.options.errors?.test(line))
                .map((line) => `${tab.name}: ${line}`));
        }

        for (const cleanup of this.cleanups.reverse()) {
            await cleanup();
        }

        for (const browser of Object.values(this.browsers)) {
            try {
                await (await browser).close();

            } catch (e) {
                wrong.push(`browser: ${e.message}`);
            }
        }

        if (this.nginx) {
            wrong.push(...await this.nginx.stop());
        }

        if (failure) {
            for (const line of wrong) {
                console.error(`# ${line}`);
            }
        }

        return wrong;
    }
}
