/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Chromium by playwright and Firefox by puppeteer, behind one small page
 * object.  Both have fake devices, no questions, and see 127.0.0.1.
 */

import fs from "node:fs";

import { chromium } from "playwright-core";
import puppeteer from "puppeteer-core";

import { slow, until } from "./until.mjs";


const chromiumArgs = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-dev-shm-usage",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--mute-audio",
];

const firefoxPrefs = {
    "permissions.default.camera": 1,
    "permissions.default.microphone": 1,
    "media.navigator.streams.fake": true,
    "media.navigator.permission.disabled": true,
    "media.autoplay.default": 0,
    "media.peerconnection.ice.loopback": true,
    "media.peerconnection.ice.obfuscate_host_addresses": false,
    "media.peerconnection.ice.default_address_only": false,
    "media.getusermedia.insecure.enabled": true,
    "media.devices.insecure.enabled": true,
    "network.captive-portal-service.enabled": false,
    "network.connectivity-service.enabled": false,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "media.gmp-manager.url": "",
    "app.update.enabled": false,
    "browser.safebrowsing.malware.enabled": false,
    "browser.safebrowsing.phishing.enabled": false,
    "browser.safebrowsing.downloads.enabled": false,
    "datareporting.policy.dataSubmissionEnabled": false,
    "dom.min_background_timeout_value": 4,
    "dom.timeout.enable_budget_timer_throttling": false,
};


function program(...names) {
    return names.find((name) => fs.existsSync(name)) ?? names[0];
}


/* options: args, more command line arguments; headless */

export async function launchChromium(options = {}) {
    const browser = await chromium.launch({
        executablePath: process.env.CHROMIUM
                        ?? program("/usr/bin/chromium",
                                   "/usr/bin/google-chrome"),
        headless: options.headless ?? true,
        args: [...chromiumArgs, ...(options.args ?? [])],
        ignoreDefaultArgs: options.ignoreDefaultArgs,
        timeout: 60000 * slow,
    });

    return {
        name: "chromium",
        browser,

        /* each tab is a browser of its own as to storage */

        async open(name, { viewport, ...more } = {}) {
            const context = await browser.newContext({
                ignoreHTTPSErrors: true,
                viewport: viewport ?? { width: 1280, height: 720 },
                ...more,
            });
            const page = await context.newPage();

            return new Tab("chromium", name, page, () => context.close());
        },

        close: () => browser.close(),
    };
}


/* options: prefs, more preferences */

export async function launchFirefox(options = {}) {
    const browser = await puppeteer.launch({
        browser: "firefox",
        executablePath: process.env.FIREFOX
                        ?? program("/usr/bin/firefox-esr",
                                   "/usr/bin/firefox"),
        headless: options.headless ?? true,
        acceptInsecureCerts: true,
        extraPrefsFirefox: { ...firefoxPrefs, ...(options.prefs ?? {}) },
        timeout: 90000 * slow,
        protocolTimeout: 90000 * slow,
    });

    return {
        name: "firefox",
        browser,

        async open(name, { viewport } = {}) {
            const page = await browser.newPage();

            await page.setViewport(viewport ?? { width: 1280, height: 720 });

            return new Tab("firefox", name, page, () => page.close());
        },

        close: () => browser.close(),
    };
}


/*
 * One page.  Functions given to evaluate() and until() run in it, with one
 * argument that is copied.
 */

class Tab {

    constructor(kind, name, page, close) {
        this.kind = kind;
        this.name = name;
        this.page = page;
        this.onClose = close;

        /* what the page complained of, and all that it said */

        this.errors = [];
        this.console = [];

        page.on("console", (message) => {
            const line = `${message.type()}: ${message.text()}`;

            this.console.push(line);

            if (message.type() === "error") {
                this.errors.push(line);
            }
        });

        page.on("pageerror", (e) => {
            this.console.push(`uncaught: ${e.message}`);
            this.errors.push(`uncaught: ${e.message}`);
        });
    }

    goto(url) {
        return this.page.goto(url, { timeout: 30000 * slow,
                                     waitUntil: "load" });
    }

    evaluate(fn, arg) {
        return this.page.evaluate(fn, arg);
    }

    /* true when the function gives something true in the page; its value */

    until(fn, what, arg, timeout = 15000) {
        return until(() => this.page.evaluate(fn, arg),
                     `${this.name}: ${what}`, timeout);
    }

    click(selector) {
        return this.page.click(selector);
    }

    async fill(selector, text) {
        if (this.kind === "chromium") {
            return this.page.fill(selector, text);
        }

        return this.page.locator(selector).fill(text);
    }

    press(key) {
        return this.page.keyboard.press(key);
    }

    screenshot(file) {
        return this.page.screenshot({ path: file });
    }

    async close() {
        if (!this.closed) {
            this.closed = true;
            await this.onClose();
        }
    }
}
