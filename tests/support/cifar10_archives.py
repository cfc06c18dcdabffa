"""A small CIFAR-10 as TensorFlow Datasets lays it out."""

from pathlib import Path

import numpy as np

from small_images import CLASSES


def write(folder, *, shards=1, encoding="png"):
    """Writes it below a folder; returns {id: (image, label)}."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    folder = Path(folder) / "cifar10" / "3.0.2"
    folder.mkdir(parents=True)
    tfds.features.FeaturesDict(
        {
            "id": tfds.features.Text(),
            "image": tfds.features.Image(shape=(32, 32, 3), encoding_format=encoding),
            "label": tfds.features.ClassLabel(names=CLASSES),
        }
    ).save_config(str(folder))
    encode = tf.io.encode_png if encoding == "png" else tf.io.encode_jpeg
    written, splits = {}, []
    for seed, (split, n) in enumerate((("train", 50), ("test", 20))):
        images = np.random.default_rng(seed).integers(0, 256, (n, 32, 32, 3), dtype="uint8")
        # Backwards in several files, so that the order of files and ids cannot matter.
        parts = np.array_split(np.arange(n)[:: 1 if shards == 1 else -1], shards)
        for number, part in enumerate(parts):
            path = folder / f"cifar10-{split}.tfrecord-{number:05d}-of-{shards:05d}"
            with tf.io.TFRecordWriter(str(path)) as file:
                for i in part:
                    name, label = f"{split}_{i:05d}", int(i) * 10 // n  # class by class
                    written[name] = images[i], label
                    values = {
                        "id": {"bytes_list": {"value": [name.encode()]}},
                        "image": {"bytes_list": {"value": [encode(images[i]).numpy()]}},
                        "label": {"int64_list": {"value": [label]}},
                    }
                    features = {key: tf.train.Feature(**value) for key, value in values.items()}
                    file.write(tf.train.Example(features={"feature": features}).SerializeToString())
        lengths = ", ".join(f'"{len(part)}"' for part in parts)
        splits.append(
            f'{{"name": "{split}", "shardLengths": [{lengths}], "numBytes": "1000", '
            '"filepathTemplate": "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}"}'
        )
    (folder / "dataset_info.json").write_text(
        '{"name": "cifar10", "version": "3.0.2", "fileFormat": "tfrecord", "description": "",'
        '"moduleName": "tensorflow_datasets.image_classification.cifar",'
        f'"splits": [{", ".join(splits)}]}}'
    )
    return written
