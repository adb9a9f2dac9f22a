// Pictures from the camera or from a file, reduced before they are sent. Drawing them anew also drops place and time.

import { Problem } from "./api.js";

const LONGEST_SIDE = 1280;
const QUALITY = 0.92;

let stream = null;
let facing = "user";

export async function openCamera(video) {
  if (!navigator.mediaDevices) {
    throw new Problem({
      what: "The browser gives no camera to this page.",
      rule: "Browsers do so on https pages and on this machine only.",
      todo: "Open the page by https, or take a picture from the gallery.",
    });
  }
  closeCamera(video);
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: facing, width: { ideal: LONGEST_SIDE } },
    });
  } catch (error) {
    throw new Problem({
      what: "The camera cannot be opened.",
      received: error.name,
      todo: "Allow the camera for this page, and close other programs that use it.",
    });
  }
  video.srcObject = stream;
  await video.play();
}

export function turnCamera(video) {
  facing = facing === "user" ? "environment" : "user";
  return openCamera(video);
}

export function closeCamera(video) {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  video.srcObject = null;
}

export const takePicture = (video) => encode(video, video.videoWidth, video.videoHeight);

// A file that the browser cannot read goes as it is: the server says what is wrong with it.
export async function readFile(file) {
  let image;
  try {
    image = await createImageBitmap(file);
  } catch {
    return file;
  }
  return encode(image, image.width, image.height);
}

function encode(image, width, height) {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
}
