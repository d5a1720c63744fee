"""The words of the tracker in both languages."""

WORDS: dict[str, tuple[str, str]] = {
    "phase": ("Phase", "阶段"),
    "topics": ("Topics", "主题"),
    "topic": ("Topic", "主题"),
    "done_of": ("Done", "已完成"),
    "hours": ("Hours", "用时"),
    "mastery": ("Mastery", "掌握程度"),
    "status": ("Status", "状态"),
    "notes": ("Notes", "笔记"),
    "note": ("Note", "笔记"),
    "total": ("Total", "合计"),
    "elsewhere": ("Elsewhere", "其他"),
    "comma": (", ", "，"),
    "what": ("What", "项目"),
    "value": ("Value", "数值"),
    "remark": ("Remark", "备注"),
    "open": ("not started", "未开始"),
    "started": ("in progress", "进行中"),
    "done": ("done", "已完成"),
    "none": ("–", "–"),
    "learning": ("learning", "学习中"),
    "implementing": ("implementing", "能实现"),
    "competent": ("competent", "能独立实现"),
    "level_mastery": ("mastery", "精通"),
    "claimed": ("claims {claimed}, not shown", "自报 {claimed}，尚未证实"),
    "milestones": ("{done} of {total} reached", "已达成 {done} / {total}"),
    "sessions": ("Sessions", "学习次数"),
    "total_hours": ("Total hours", "总时长"),
    "per_topic": ("Average per topic done", "每个已完成主题的平均用时"),
    "longest": ("Longest day", "用时最长的一天"),
    "h": ("{h} h", "{h} 小时"),
    "struggle": ("{topic}: {hours}", "{topic}：{hours}"),
    "no_struggles": ("No topic has taken more than two hours.", "还没有哪个主题用时超过两小时。"),
    "now": ("Now: {phase}", "当前阶段：{phase}"),
    "all_done": ("Every topic is done.", "全部主题都已完成。"),
    "next": ("Next: {item}", "接下来：{item}"),
    "questions": ("Questions from the last session", "上次学习留下的疑问"),
}


def word(language: str, key: str, **values: object) -> str:
    return WORDS[key][1 if language == "zh" else 0].format(**values)


def level_word(language: str, level: str) -> str:
    return word(language, "level_mastery" if level == "mastery" else level)


def hours(language: str, minutes: float) -> str:
    """`1.5 h`; whole numbers without a fraction."""
    return word(language, "h", h=f"{minutes / 60:.1f}".removesuffix(".0"))
