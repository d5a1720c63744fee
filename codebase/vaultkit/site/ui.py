"""Every word that the site itself says, in both languages; the theme gets the same table."""

from vaultkit.site.paths import Language

STRINGS: dict[str, tuple[str, str]] = {
    # page header
    "verified": ("verified", "已验证"),
    "verified_title": (
        "{passed} of {blocks} code blocks ran and printed what you see; {when} ({device}, {versions})",
        "本页 {blocks} 段代码中有 {passed} 段实际运行，输出与页面一致；{when}（{device}，{versions}）",
    ),
    "verified_skips": ("; {skipped} declared skip(s)", "；{skipped} 段注明跳过"),
    "read_first": ("Read first", "先读"),
    "all_first": ("All that comes first: {count} notes", "完整的先读路线：{count} 篇"),
    "all_first_hours": (
        "All that comes first: {count} notes, about {hours} h",
        "完整的先读路线：{count} 篇，约 {hours} 小时",
    ),
    "sources": ("Sources ({count})", "来源（{count}）"),
    "reviewed": ("reviewed {date}", "{date} 审阅"),
    "hours": ("{hours} h to study", "约需 {hours} 小时"),
    "planned": ("planned", "待写"),
    "planned_title": (
        "Not written yet: this page says what it will be about",
        "尚未写成：本页只说明将要讲什么",
    ),
    "draft_title": (
        "Still being written: parts of it may be missing, or change",
        "尚在撰写：可能有缺漏，内容也可能改动",
    ),
    "lost": ("There is no such place on that page", "那一页上没有这个位置"),
    "untranslated": (
        "This page has not been translated yet; here is the original.",
        "本页尚无中文译文，以下为原文。",
    ),
    "stale": (
        "The English text has changed since this was translated: {link}",
        "英文原文在翻译之后有改动，本页可能与原文不一致：{link}",
    ),
    "untranslated_zh": ("This page exists in Chinese only.", "本页只有中文版。"),
    "contents": ("Table of contents", "目录"),
    "navigation": ("Navigation", "导航栏"),
    # kinds of note
    "kind_concept": ("Concept", "概念"),
    "kind_model": ("Model", "模型"),
    "kind_paper": ("Paper", "论文"),
    "kind_comparison": ("Comparison", "对比"),
    "kind_debugging": ("Debugging", "排错"),
    "kind_reading-list": ("Reading list", "阅读清单"),
    "kind_review": ("Review", "复习"),
    "kind_tracker": ("Progress", "进度"),
    "kind_session": ("Study log", "学习记录"),
    "kind_lab": ("Lab", "实验"),
    # code and its output
    "output": ("Output", "输出"),
    "skipped": ("Not run here: {reason}", "此处不运行：{reason}"),
    "example": (
        "An example from one machine: the tests run this cell, but compare neither its words nor its figure.",
        "这是某一台机器上的输出示例：测试会运行这一格，但不比对输出的文字和插图。",
    ),
    "lab_file": ("the notebook", "下载 notebook"),
    "lab_figure": ("Figure drawn by the code above", "上面的代码画出的图"),
    "absent": ("Not run here: it requires {name}.", "此处不运行：需要 {name}。"),
    "raises": ("Raises {name}, and the tests check that it does.", "会抛出 {name}，测试会检查这一点。"),
    # foot of a page
    "linked_from": ("Linked from", "引用本页的页面"),
    "embedded_from": ("From {link}", "摘自 {link}"),
    "embed_missing": ("There is no {name} in this vault.", "仓库里没有 {name}。"),
    "embed_no_place": ("{file} has no {place}.", "{file} 中没有 {place}。"),
    "embed_cycle": ("{name} holds itself: it is not shown again.", "{name} 包含自身，此处不再展开。"),
    "embed_deep": ("{name}: embeds are nested too deeply here.", "{name}：嵌入层数过多，此处不再展开。"),
    "embed_view": ("{file} has no view {place}.", "{file} 中没有视图 {place}。"),
    "download": ("Open {name}", "打开 {name}"),
    # properties, bases and canvases
    "properties": ("Properties", "属性"),
    "properties_invalid": (
        "The properties of this note are not valid YAML; here is their text.",
        "本笔记的属性不是有效的 YAML，以下为原文。",
    ),
    "property_file.name": ("Note", "笔记"),
    "property_area": ("Area", "领域"),
    "property_kind": ("Kind", "类型"),
    "property_status": ("Status", "状态"),
    "property_tier": ("Tier", "层级"),
    "property_aliases": ("Other names", "别名"),
    "property_prerequisites": ("Read first", "先读"),
    "property_author": ("author", "作者"),
    "property_authors": ("authors", "作者"),
    "property_year": ("year", "年份"),
    "property_venue": ("venue", "发表于"),
    "property_published": ("published", "发表日期"),
    "property_date": ("date", "日期"),
    "property_created": ("created", "创建日期"),
    "property_updated": ("updated", "更新日期"),
    "property_url": ("url", "网址"),
    "property_source": ("source", "来源"),
    "property_arxiv": ("arxiv", "arXiv"),
    "property_doi": ("doi", "DOI"),
    "property_code": ("code", "代码"),
    "property_file.backlinks": ("Linked from", "引用它的笔记"),
    "status_stub": ("planned", "待写"),
    "status_draft": ("draft", "草稿"),
    "status_written": ("written", "已写成"),
    "area_applications": ("applications", "应用"),
    "area_distributed": ("distributed", "分布式"),
    "area_foundations": ("foundations", "基础"),
    "area_inference": ("inference", "推理（inference）"),
    "area_models": ("models", "模型"),
    "area_serving": ("serving", "推理服务"),
    "area_tokens": ("tokens", "词元（token）"),
    "area_training": ("training", "训练"),
    "area_transformer": ("transformer", "Transformer"),
    "yes": ("yes", "是"),
    "no": ("no", "否"),
    "base_count": ("Results: {total}", "共 {total} 条"),
    "base_limited": ("Results: {shown} of {total}", "共 {total} 条，显示 {shown} 条"),
    "base_table": ("Table", "表格"),
    "base_no_value": ("No value", "无"),
    "base_faults": ("Parts of this base cannot be read:", "这个数据库（base）有些部分无法读取："),
    "canvas_empty": ("This canvas is empty.", "这块白板是空的。"),
    "canvas_of": ("Canvas: {name}", "白板：{name}"),
    "canvas_text": ("The canvas as text", "白板的文字版"),
    "canvas_edges": ("Connections", "连线"),
    "canvas_faults": ("Parts of this canvas cannot be drawn:", "这块白板有些部分无法绘制："),
    # lists of pages
    "planned_heading": ("Planned", "待写"),
    "linked_by": ("Linked from {links}.", "引用它的页面：{links}。"),
    "count_planned": ("Planned: {count}.", "待写：{count} 篇。"),
    # reading lists
    "ways": ("Where to begin", "从哪里开始"),
    "way_list": ("Start here: {title}", "从这里开始：{title}"),
    "way_note": ("Read a note: {title}", "读一篇笔记：{title}"),
    "progress": (
        "{done} of {total} read · {minutes_done} of {minutes} minutes",
        "已读 {done} / {total} 项 · {minutes_done} / {minutes} 分钟",
    ),
    "course_map": ("Map: what builds on what", "路线图：先学什么，后学什么"),
    "course_map_name": ("Course map", "路线图"),
    "course_map_alt": (
        "{count} notes, each below those that it builds on",
        "{count} 篇笔记，每篇都排在它的先读笔记之下",
    ),
    # tags
    "tags": ("Tags", "标签"),
    "tag_title": ("Notes tagged {name}", "带有标签 {name} 的笔记"),
    "tag_count": ("{count} notes.", "共 {count} 篇笔记。"),
    "tag_count_one": ("One note.", "共 1 篇笔记。"),
    "tag_above": ("Above", "上级"),
    "tag_beside": ("Beside it", "同级"),
    "tag_below": ("Below it", "下级"),
    "all_tags": ("All {count} tags", "全部 {count} 个标签"),
    "no_tags": ("There are no tags yet.", "还没有标签。"),
    "fold_topics": ("{total} topics, {done} done", "{total} 个主题，已完成 {done} 个"),
    "fold_mastery": ("{total} notes", "{total} 篇笔记"),
    # the graph
    "graph": ("Graph of notes", "笔记关系图"),
    "graph_name": ("Graph", "关系图"),
    "graph_intro": (
        "Every note is a point, every link a line: the larger a point, the more links it has.",
        "每个点是一篇笔记，每条线是一个链接；链接越多，点越大。",
    ),
    "graph_list": (
        "The graph as a list: {notes} notes, {links} links",
        "关系图的文字版：{notes} 篇笔记，{links} 条链接",
    ),
    "node_home": ("Front page", "首页"),
    "node_missing": ("Not written", "尚不存在"),
    "node_canvas": ("Canvas", "白板"),
    "node_base": ("Base", "数据库"),
    "node_note": ("Note", "笔记"),
    "in_lists": ("In reading lists", "所在的阅读清单"),
    "no_cards": ("There are no cards yet.", "还没有卡片。"),
    "field_hours": ("{value} h", "{value} 小时"),
    "field_minutes": ("{value} min", "{value} 分钟"),
    "field_date": ("{value}", "{value}"),
    "field_after": ("after {value}", "先读 {value}"),
    "field_review": ("review", "复习"),
    "field_new": ("new", "新"),
    # sections
    "section_concepts": ("Concepts", "概念"),
    "section_papers": ("Papers", "论文"),
    "section_comparisons": ("Comparisons", "对比"),
    "section_debugging": ("Debugging", "排错"),
    "section_reading-lists": ("Reading lists", "阅读清单"),
    "section_labs": ("Labs", "实验"),
    "section_sessions": ("Study log", "学习记录"),
    "section_api": ("API", "API"),
    "section_count": ("{written} written, {planned} planned.", "已写成 {written} 篇，待写 {planned} 篇。"),
    "section_written_one": ("One note.", "共 1 篇。"),
    "section_written": ("All {written} written.", "共 {written} 篇。"),
    # API reference
    "api_intro": (
        "What notes import from the engine: each name with its documentation, its source, and who runs it.",
        "引擎供笔记导入的名字：各附文档、源码位置和运行它的笔记。文档为英文。",
    ),
    "api_count": (
        "{total} names; {run} of them are run by a note.",
        "共 {total} 个名字，其中 {run} 个有笔记运行。",
    ),
    "api_run_by": ("Run by {links}", "运行它的笔记：{links}"),
    "api_explained": ("Explained in {links}", "讲解它的笔记：{links}"),
    "api_source": ("source", "源码"),
    "api_not_run": ("No note runs it yet", "尚无笔记运行它"),
    "api_bases": ("Builds on {bases}", "继承自 {bases}"),
    "api_fields": ("Fields", "字段"),
    "api_property": ("property", "属性"),
    # outputs for readers of text and for feeds
    "llms_how": (
        "Each link leads to the Markdown of a note as its author wrote it; the page itself is at the same "
        "address without `index.md`. `[[Name]]` in a text means the note of that name in this list.",
        "每个链接指向一篇笔记的 Markdown 原文；去掉地址末尾的 `index.md` 就是网页。"
        "正文里的 `[[名称]]` 按笔记的英文名指向英文清单中的同名笔记。",
    ),
    "llms_first": ("Start", "入门"),
    "llms_other": ("The same notes in Chinese", "同一批笔记的英文版"),
    "feed": ("New and changed notes (Atom)", "新写和更新的笔记（Atom）"),
    "as_markdown": ("Markdown", "Markdown 原文"),
    "in_obsidian": ("Open in Obsidian", "在 Obsidian 中打开"),
    "edit": ("Edit this page", "编辑本页"),
    "permalink": ("Link to this section", "本节链接"),
    "page_tools": ("This page elsewhere", "本页的其他形式"),
    # theme
    "search": ("Search", "搜索"),
    "other_language": ("中文", "English"),
    "switch_language": ("中文：用中文阅读本页", "English: read this page in English"),
    "scheme": ("Light or dark", "浅色或深色"),
    "skip": ("Skip to the text", "跳到正文"),
    "sections": ("Sections", "栏目"),
    "menu": ("Menu", "菜单"),
    "not_found": ("Page not found", "找不到页面"),
    "not_found_text": (
        "There is no page at this address. Search for it, or start from the front page.",
        "这个地址没有页面。可以搜索，或从首页开始。",
    ),
    "home": ("Front page", "首页"),
    "how_far": ("How far you are", "学到哪里了"),
    "next_item": ("Next", "接下来"),
    "lately": ("New and changed", "最近更新"),
    "lately_new": ("new", "新增"),
    "lately_changed": ("changed", "有改动"),
    "footer": (
        "The code here runs in the tests and printed what you see; a block that does not run says why.",
        "本站的代码由测试运行，输出就是运行时打印的内容；没有运行的代码块会注明原因。",
    ),
}

CALLOUT_TITLES: dict[str, str] = {
    "note": "备注", "abstract": "摘要", "summary": "总结", "tldr": "要点", "info": "信息", "todo": "待办",
    "tip": "提示", "hint": "提示", "important": "重要", "success": "成功", "check": "检查", "done": "完成",
    "question": "问题", "help": "求助", "faq": "常见问题", "warning": "警告", "caution": "小心",
    "attention": "注意", "failure": "失败", "fail": "失败", "missing": "缺失", "danger": "危险",
    "error": "错误", "bug": "缺陷", "example": "例子", "quote": "引用", "cite": "引文",
}  # fmt: skip


def say(language: Language, key: str, /, **values: object) -> str:
    """The string `key` in this language with its `{fields}` filled in; KeyError for an unknown key."""
    text = STRINGS[key][0 if language == "en" else 1]
    return text.format(**values) if values else text


def table(language: Language) -> dict[str, str]:
    """All strings of one language, for the theme."""
    return {key: pair[0 if language == "en" else 1] for key, pair in STRINGS.items()}
