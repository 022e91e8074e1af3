"""Rows of convolutions, pooling, borders and up-sampling for the tables of the shared tests."""

from xpnn.layers import (
    Activation,
    AveragePool1D,
    AveragePool2D,
    BatchNorm,
    Conv1D,
    Conv1DTranspose,
    Conv2D,
    Conv2DTranspose,
    Conv3D,
    Cropping1D,
    Cropping2D,
    Dense,
    DepthwiseConv2D,
    Flatten,
    GlobalAveragePool1D,
    GlobalAveragePool2D,
    GlobalMaxPool1D,
    GlobalMaxPool2D,
    MaxPool1D,
    MaxPool2D,
    Reshape,
    SeparableConv2D,
    UpSampling1D,
    UpSampling2D,
    ZeroPadding1D,
    ZeroPadding2D,
)

__all__ = ["HIDES_NAN", "LAYERS", "ROWS"]

ROWS = {
    "average pool 1d": (AveragePool1D(3, 1, "same"), (5, 2)),
    "average pool 2d": (AveragePool2D((2, 3), 2), (5, 6, 2)),
    "conv 1d": (Conv1D(3, 3, padding=(2, 0), activation="tanh"), (5, 2)),
    "conv 2d": (Conv2D(4, (3, 2), 2, "same", activation="sigmoid"), (5, 4, 2)),
    "conv 2d of one pixel": (Conv2D(3, 1, use_bias=False), (3, 2, 2)),
    "conv 2d of strides, dilation, groups": (Conv2D(4, 2, (2, 1), ((1, 0), 1), (2, 3), 2), (5, 6, 4)),
    "conv 2d with more filters than pixels": (Conv2D(40, 3, padding=1), (3, 3, 2)),
    "conv 3d": (Conv3D(2, (2, 3, 1), padding="same"), (3, 2, 2, 2)),
    "conv 1d transpose": (Conv1DTranspose(2, 3, 2), (4, 3)),
    "conv 2d transpose": (Conv2DTranspose(3, (3, 4), (2, 3), "same", activation="tanh"), (3, 2, 2)),
    "conv 2d transpose, explicit": (Conv2DTranspose(2, 3, 2, ((1, 0), 1), 1, (1, 0)), (3, 2, 2)),
    "cropping 1d": (Cropping1D((1, 2)), (5, 2)),
    "cropping 2d": (Cropping2D(((1, 0), 1)), (4, 4, 2)),
    "depthwise conv 2d": (DepthwiseConv2D(3, padding="same"), (4, 3, 3)),
    "depthwise conv 2d, two of each": (DepthwiseConv2D(2, 2, depth_multiplier=2, activation="elu"), (4, 4, 2)),
    "global average pool 1d": (GlobalAveragePool1D(), (4, 2)),
    "global average pool 2d": (GlobalAveragePool2D(), (3, 2, 2)),
    "global max pool 1d": (GlobalMaxPool1D(), (4, 2)),
    "global max pool 2d": (GlobalMaxPool2D(), (3, 2, 2)),
    "max pool 1d": (MaxPool1D(3, 2, "same"), (6, 2)),
    "max pool 2d": (MaxPool2D(), (4, 5, 2)),
    "max pool 2d that overlaps": (MaxPool2D(3, (1, 2)), (4, 5, 2)),
    "separable conv 2d": (SeparableConv2D(3, 2, padding="same", depth_multiplier=2, activation="tanh"), (3, 4, 2)),
    "up-sampling 1d": (UpSampling1D(3), (3, 2)),
    "up-sampling 2d": (UpSampling2D((2, 3)), (2, 3, 2)),
    "zero padding 1d": (ZeroPadding1D((2, 1)), (3, 2)),
    "zero padding 2d": (ZeroPadding2D(((1, 0), 2)), (3, 2, 2)),
}
"""For `xpnn.testing.check_layer`: layers with the shape of a sample."""

HIDES_NAN = ("conv 2d transpose, explicit", "zero padding 1d", "zero padding 2d")


def _images(*layers):
    return [Dense(48), Reshape((4, 4, 3)), *layers, Flatten(), Dense(3)]


def _sequences(*layers):
    return [Dense(16), Reshape((8, 2)), *layers, Flatten(), Dense(3)]


LAYERS = {
    "Conv1D, MaxPool1D, AveragePool1D, Conv1DTranspose": _sequences(
        Conv1D(3, 3, padding=(2, 0), activation="tanh"),
        MaxPool1D(3, 1),
        AveragePool1D(2, padding="same"),
        Conv1DTranspose(2, 2, 2),
    ),
    "Conv2D first": [Reshape((1, 5, 1)), Conv2D(4, (1, 2), activation="relu"), Flatten(), Dense(3)],
    "Conv2D, MaxPool2D": _images(Conv2D(4, 3, padding=1, activation="relu"), MaxPool2D(2), Conv2D(3, 2)),
    "Conv2D of strides, dilation, groups": _images(
        Conv2D(6, 2, groups=3), ZeroPadding2D(1), Conv2D(100, 2, 2, dilation=2), Conv2D(2, 1)
    ),
    "Conv2DTranspose, MaxPool2D, GlobalAveragePool2D": [
        *_images(Conv2DTranspose(2, 3, 2, "same", activation="relu"), MaxPool2D(3, 2, "same"))[:-2],
        GlobalAveragePool2D(),
        Dense(3),
    ],
    "Conv3D": [Dense(48), Reshape((2, 3, 4, 2)), Conv3D(3, 2, padding="same", activation="relu"), Flatten(), Dense(3)],
    "BatchNorm, GlobalAveragePool2D": [
        *_images(Conv2D(4, 2, use_bias=False), BatchNorm())[:-2],
        GlobalAveragePool2D(),
        Dense(3),
    ],
    "BatchNorm, ReLU, MaxPool2D": _images(
        Conv2D(4, 2, use_bias=False), BatchNorm(), Activation("relu"), MaxPool2D(2, 1)
    ),
    "DepthwiseConv2D, AveragePool2D, GlobalMaxPool2D": [
        *_images(DepthwiseConv2D(2, depth_multiplier=2), AveragePool2D(2, 1), DepthwiseConv2D(3, padding="same"))[:-2],
        GlobalMaxPool2D(),
        Dense(3),
    ],
    "SeparableConv2D, Cropping2D, UpSampling2D": _images(
        SeparableConv2D(4, 2, activation="relu"), Cropping2D(((1, 0), 0)), UpSampling2D(2)
    ),
}
"""For the comparison of compiled with eager steps: networks for 5 features and 3 classes."""
