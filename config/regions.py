"""The regions that OSS has, so that a region that does not exist is noticed before every signature is refused.

A region that is missing here is only warned about (doubts.py), never refused: new ones open every year
(docs/facts.md#regions).
"""

from __future__ import annotations

REGIONS: tuple[str, ...] = tuple(
    """cn-hangzhou cn-shanghai cn-nanjing cn-fuzhou cn-qingdao cn-beijing cn-zhangjiakou cn-huhehaote cn-wulanchabu
    cn-shenzhen cn-heyuan cn-guangzhou cn-chengdu cn-hongkong us-west-1 us-east-1 na-south-1 ap-northeast-1
    ap-northeast-2 ap-southeast-1 ap-southeast-3 ap-southeast-5 ap-southeast-6 ap-southeast-7 eu-central-1 eu-west-1
    me-east-1 cn-hangzhou-finance cn-shenzhen-finance-1 cn-shanghai-finance-1 cn-beijing-finance-1
    cn-north-2-gov-1""".split()
)
