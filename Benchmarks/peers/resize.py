"""Makes photographs of one size out of others: resize.py WIDTH HEIGHT FOLDER PHOTOGRAPH...

They are cut to the size's proportions and scaled; what is made larger gets a camera's noise, so that its file is as
large as a camera's. The same photographs give the same files.
"""

import sys
from pathlib import Path

import numpy
from PIL import Image, ImageOps

width, height, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
folder.mkdir(parents=True, exist_ok=True)
for number, name in enumerate(sys.argv[4:]):
    opened = Image.open(name).convert("RGB")
    # Faces of portraits lie in the upper part.
    made = ImageOps.fit(opened, (width, height), Image.Resampling.BICUBIC, centering=(0.5, 0.15))
    if width > opened.width:
        noise = numpy.random.default_rng(number).normal(0, 4, (height, width, 1))
        made = Image.fromarray((numpy.asarray(made) + noise).clip(0, 255).astype(numpy.uint8))
    made.save(folder / f"{number}.jpg", quality=88)
