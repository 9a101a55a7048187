"""The networks of XMem, under the parameter names of the published files.

Source: Cheng and Schwing, "XMem: Long-Term Video Object Segmentation with an Atkinson-Shiffrin Memory Model",
ECCV 2022, section 3 and the appendix on network details.
"""
