"""Networks in torch that give each pixel a class, and the discriminator that tells domains apart.

Needs the extra `torch`; each module says where its network is from.
"""
