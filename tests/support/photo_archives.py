"""Photographs for tests: images of known pixels, and archives in the official layouts."""

import io
import json
from pathlib import Path

import numpy as np
from PIL import Image

from helpers.datasets.photos import imitation
from small_images import coloured

CUT_OFF = b"\xff\xd8\xff\xe0 the rest of this file was lost"
SPLITS = ("train", "validation", "test")


def gradient(height, width):
    """Red grows to the right by 2 levels a pixel and green downwards; blue is 90."""
    y, x = np.mgrid[:height, :width]
    return np.stack([2 * x, 2 * y, np.full_like(x, 90)], -1).astype("uint8")


def plain(level, height=20, width=30):
    """One grey everywhere, by which an image is recognised in a batch."""
    return np.full((height, width, 3), level, "uint8")


def encoded(image, mode="RGB", kind="JPEG", **how):
    """The file of an image. JPEG without loss of colour: quality 100, no subsampling."""
    how = {"quality": 100, "subsampling": 0} | how if kind == "JPEG" else how
    file = io.BytesIO()
    Image.fromarray(image).convert(mode).save(file, kind, **how)
    return file.getvalue()


def example(**values):
    """A `tf.train.Example`: bytes, whole numbers or lists of real ones."""
    import tensorflow as tf

    def feature(value):
        if isinstance(value, bytes):
            return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        if isinstance(value, int):
            return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
        return tf.train.Feature(float_list=tf.train.FloatList(value=value))

    features = tf.train.Features(feature={key: feature(v) for key, v in values.items()})
    return tf.train.Example(features=features).SerializeToString()


def records(path, examples):
    """Writes a TFRecord file; returns its path as text."""
    import tensorflow as tf

    with tf.io.TFRecordWriter(str(path)) as file:
        for content in examples:
            file.write(content)
    return str(path)


def coloured_split(folder, name, n, damaged=()):
    """n photographs of 12x12 in four colours, one file NAME.tfrecord; `damaged` are cut off."""
    images, labels = coloured(n, 12, seed=n)
    content = [
        example(
            image=CUT_OFF if k in damaged else encoded(images[k], kind="PNG"),
            label=int(labels[k]),
            file_name=f"{name}_{k}.jpg".encode(),
        )
        for k in range(n)
    ]
    return records(Path(folder) / f"{name}.tfrecord", content)


def coloured_photos(folder):
    """The three splits that `coloured_split` wrote there, in ImageNet's place: 8x8 pixels."""
    from helpers.datasets import Photos
    from helpers.datasets.photos import TestView, TrainingView, tfrecords
    from helpers.weights import Preprocessing

    return Photos(
        "imagenet2012",
        "coloured photographs",
        tuple("abcd"),
        **{s: tfrecords.photographs([Path(folder) / f"{s}.tfrecord"]) for s in SPLITS},
        view=TrainingView((8, 10), size=8),
        test_view=TestView(8, 8),
        preprocess=Preprocessing(mean=(123.0, 116.0, 103.0), scale=1.0),
    )


def pets(folder, splits):
    """Oxford-IIIT Pet as TensorFlow Datasets lays it out: {split: [(name, label, file)]}."""
    import tensorflow_datasets as tfds

    folder = Path(folder) / "oxford_iiit_pet" / "4.0.0"
    folder.mkdir(parents=True)
    builder = tfds.builder("oxford_iiit_pet:4.0.0", data_dir=folder.parents[1] / "nowhere")
    builder.info.features.save_config(str(folder))
    lengths = []
    for split, entries in splits.items():
        halves = entries[::2], entries[1::2]  # in two files, for no reader may count on one
        for i, half in enumerate(halves):
            records(
                folder / f"oxford_iiit_pet-{split}.tfrecord-{i:05d}-of-00002",
                [
                    example(
                        image=file,
                        label=label,
                        file_name=name.encode(),
                        species=label % 2,
                        segmentation_mask=encoded(plain(1)[:, :, 0], "L", "PNG"),
                        head_bbox=[0.0, 0.25, 0.5, 1.0],
                    )
                    for name, label, file in half
                ],
            )
        lengths.append(
            {
                "name": split,
                "shardLengths": [str(len(half)) for half in halves],
                "numBytes": "1000",
                "filepathTemplate": "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}",
            }
        )
    info = {"name": "oxford_iiit_pet", "version": "4.0.0", "fileFormat": "tfrecord"}
    (folder / "dataset_info.json").write_text(json.dumps(info | {"splits": lengths}))


def imagenet(folder, train, validation):
    """The two official archives, of {wnid: {name: file}}, a tar each, and of {name: file}."""
    folder = Path(folder)
    folder.mkdir(parents=True)
    inner = {f"{wnid}.tar": imitation.tar(files) for wnid, files in train.items()}
    for part, files in (("train", inner), ("val", validation)):
        (folder / f"ILSVRC2012_img_{part}.tar").write_bytes(imitation.tar(files))
