/*
 * Copyright (C) nginx-rtc-module authors
 *
 * What the package exports.
 */

export { Room } from "./session/room.js";
export { LocalParticipant, LocalTrack } from "./session/local.js";
export { RemoteParticipant, RemoteTrack } from "./session/participant.js";
export { RtcError, describeError } from "./errors.js";
export { Emitter } from "./emitter.js";
export { Signaling } from "./signaling.js";
export { WebSocketChannel } from "./channel.js";
export { canShareScreen, listDevices, onDevicesChanged, openCamera,
         openMicrophone, openScreen } from "./media.js";
