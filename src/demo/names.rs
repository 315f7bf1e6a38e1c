//! Words from which the sample bank's people and places are made.

pub(super) const SURNAMES: &[&str] = &[
    "王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "郭", "何", "林", "罗",
    "高", "郑", "梁", "谢", "宋", "唐", "许", "韩", "冯", "邓", "曹", "彭", "曾", "欧阳", "司马", "上官", "诸葛",
];

pub(super) const GIVEN: &[&str] = &[
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明", "超", "霞", "平",
    "刚", "桂英", "建国", "志强", "秀兰", "小明", "雨欣", "子涵", "浩然", "梓萱", "宇轩", "思远", "鸿章", "晓东",
];

pub(super) const LATIN: &[&str] = &[
    "Anna Schmidt",
    "John O'Neil",
    "María López",
    "Émile Durand",
    "Li Na Brown",
    "Søren Holm",
    "Zoë de Wit",
    "Peter Müller",
    "Olga Petrova",
    "James Smith-Jones",
];

/// Region code (GB/T 2260), city, districts.
pub(super) const PLACES: &[(&str, &str, &[&str])] = &[
    ("110105", "北京市", &["朝阳区", "海淀区", "西城区"]),
    ("310115", "上海市", &["浦东新区", "徐汇区", "静安区"]),
    ("440106", "广东省广州市", &["天河区", "越秀区", "海珠区"]),
    ("440305", "广东省深圳市", &["南山区", "福田区", "罗湖区"]),
    ("330106", "浙江省杭州市", &["西湖区", "滨江区", "余杭区"]),
    ("510107", "四川省成都市", &["武侯区", "锦江区", "青羊区"]),
    ("320102", "江苏省南京市", &["玄武区", "鼓楼区", "江宁区"]),
    ("610113", "陕西省西安市", &["雁塔区", "碑林区", "未央区"]),
];

pub(super) const STREETS: &[&str] = &["建国路", "中山路", "人民大道", "解放街", "科技园路", "和平里", "长安街"];

/// First three digits of mobile numbers in service.
pub(super) const MOBILE: &[&str] =
    &["130", "131", "135", "138", "139", "147", "150", "158", "166", "173", "177", "186", "188", "189", "199"];

/// Issuer prefix and length of the card number.
pub(super) const CARD_PREFIXES: &[(&str, usize)] = &[
    ("622202", 19),
    ("622848", 19),
    ("621660", 19),
    ("621700", 19),
    ("622260", 19),
    ("621098", 19),
    ("622588", 16),
    ("622622", 16),
    ("436742", 19),
];

pub(super) const MAIL_HOSTS: &[&str] = &["example.com", "example.cn", "mail.example.org", "bank.example"];
