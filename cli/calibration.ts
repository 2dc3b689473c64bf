// Requests that models are calibrated and measured with: the same bytes on every machine, since their digest is part of
// the artifact.
import type { CatalogueEntry } from "../models/catalogue.ts";
import type { Tensor } from "../protocol/tensor.ts";
import { encodeModerate } from "../tasks/moderate.ts";
import { cropPhoto, readPhoto } from "./sources.ts";

export async function readCalibration({ calibration }: CatalogueEntry): Promise<Tensor[][]> {
  switch (calibration.kind) {
    case "photographs": {
      const photos = await Promise.all(calibration.packages.map(readPhoto));
      return photos.flatMap((photo) =>
        cropPhoto(photo, calibration.crops).map((crop) => [encodeModerate(crop)]),
      );
    }
  }
}
