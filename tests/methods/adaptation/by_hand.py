"""The matching losses written as loops over pixels: what the fast ones are held against."""

from __future__ import annotations

import torch


def instances(mask, most, least_pixels=1):
    """Sets of pixels that hang together over edges and corners, found by flooding."""
    height, width = len(mask), len(mask[0])
    seen, found = set(), []
    for y in range(height):
        for x in range(width):
            if not mask[y][x] or (y, x) in seen:
                continue
            part, front = [], [(y, x)]
            seen.add((y, x))
            while front:
                i, j = front.pop()
                part.append((i, j))
                for a in range(i - 1, i + 2):
                    for b in range(j - 1, j + 2):
                        inside = 0 <= a < height and 0 <= b < width
                        if inside and mask[a][b] and (a, b) not in seen:
                            seen.add((a, b))
                            front.append((a, b))
            found.append(part)
    found.sort(key=lambda part: -len(part))
    return [part for part in found[:most] if len(part) >= least_pixels]


def mean(features, part):
    return sum(features[:, i, j] for i, j in part) / len(part)


def nearest(vector, remembered):
    return min((float((vector - each).abs().mean()), j) for j, each in enumerate(remembered))[1]


def losses(features, logits, memory, head, split, most=10):
    """Both losses of a batch."""
    stuff = instance = features.sum() * 0
    for image, scores in zip(features, logits, strict=True):
        ids = scores.argmax(dim=0).tolist()
        for class_id in range(len(scores)):
            mask = [[each == class_id for each in row] for row in ids]
            if not any(map(any, mask)) or not memory.is_active(class_id):
                continue
            remembered = memory.vectors(class_id).to(image)
            if class_id in split.stuff:
                whole = [(i, j) for i, row in enumerate(mask) for j, here in enumerate(row) if here]
                vector = mean(image, whole)
                if int(head(vector[None]).argmax()) == class_id:
                    near = remembered[nearest(vector.detach(), remembered)]
                    stuff = stuff + (vector - near).abs().mean()
            else:
                parts = instances(mask, most)
                vectors = [mean(image, part) for part in parts]
                each = [
                    (v - remembered[nearest(v.detach(), remembered)]).abs().mean() for v in vectors
                ]
                instance = instance + torch.stack(each).mean()
    return stuff / len(features), instance / len(features)
