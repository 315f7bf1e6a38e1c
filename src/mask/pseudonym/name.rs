//! Chinese names made of common characters become other such names.

use std::sync::LazyLock;

use super::permute::Permutation;

/// The hundred most frequent surnames of one character.
const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常";
/// Characters frequent in given names.
const GIVEN: &str = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂华玉萍红建文辉力永健世广志义兴良海山仁波宁贵福生元全国胜学祥才发成康星光天达安岩中茂进有坚和彪博诚先敬震振壮会思群豪心邦承乐绍功松善厚庆民友裕河哲亮政谦亨奇固之轮翰朗伯宏言若鸣朋斌栋维启克伦翔旭鹏泽晨辰士以家致树炎德行时泰盛雄琛钧冠策腾榕风航弘慧巧美淑惠珠翠雅芝莲真环雪荣爱妹香月莺媛瑞凡佳嘉琼勤珍贞莉叶璧璐娅琦晶妍茜秋珊莎锦黛青倩婷姣婉娴瑾颖露瑶怡婵雁蓓纨仪荷丹蓉眉君琴蕊薇菁梦岚苑婕馨瑗琰韵融园艺咏卿聪澜纯毓悦昭冰爽琬茗羽希欣飘育滢馥筠柔竹霭凝晓欢霄枫芸菲寒伊亚宜可姬舒影荔枝丽阳妮宝贝初程梵罡恒鸿桦骅剑娇纪宽苛灵玛媚琪晴容睿烁堂唯威韦雯苇萱阅彦宇雨洁章雪";

/// [`GIVEN`] without repetitions.
static GIVEN_NAMES: LazyLock<Vec<char>> = LazyLock::new(|| distinct(GIVEN));

pub(super) fn permute(text: &str, key: &[u8; 32]) -> Option<String> {
    let mut characters = text.chars();
    let surname = index_in(SURNAMES, characters.next()?)?;
    let given_names = &*GIVEN_NAMES;
    let radix = u128::try_from(given_names.len()).ok()?;
    let given: Vec<u128> =
        characters.map(|c| u128::try_from(given_names.iter().position(|g| *g == c)?).ok()).collect::<Option<_>>()?;
    let surnames = u128::try_from(SURNAMES.chars().count()).ok()?;
    let size = match given.len() {
        1 => surnames * radix,
        2 => surnames * radix * radix,
        _ => return None,
    };
    let index = given.iter().fold(surname, |index, symbol| index * radix + symbol);
    let mut rest = Permutation::new(key, "name-valid").index(index, size);
    let mut shown = Vec::new();
    for _ in &given {
        shown.push(*given_names.get(usize::try_from(rest % radix).ok()?)?);
        rest /= radix;
    }
    shown.push(SURNAMES.chars().nth(usize::try_from(rest).ok()?)?);
    Some(shown.into_iter().rev().collect())
}

fn index_in(list: &str, c: char) -> Option<u128> {
    list.chars().position(|entry| entry == c).and_then(|at| u128::try_from(at).ok())
}

fn distinct(list: &str) -> Vec<char> {
    let mut seen = Vec::new();
    for c in list.chars() {
        if !seen.contains(&c) {
            seen.push(c);
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn common_names_become_common_names() {
        let key = [3; 32];
        for name in ["王伟", "李秀英", "陈静"] {
            let shown = permute(name, &key).unwrap();
            assert!(shown != name && permute(&shown, &key).is_some(), "{name} became {shown}");
        }
        for other in ["王", "欧阳娜娜", "John", "王伟伟伟", ""] {
            assert_eq!(permute(other, &key), None, "{other}");
        }
    }

    #[test]
    fn all_short_names_stay_apart() {
        let key = [5; 32];
        let given = distinct(GIVEN);
        let names: Vec<String> =
            SURNAMES.chars().take(20).flat_map(|s| given.iter().map(move |g| format!("{s}{g}"))).collect();
        let shown: HashSet<String> = names.iter().filter_map(|name| permute(name, &key)).collect();
        assert_eq!(shown.len(), names.len());
        assert_eq!(distinct(SURNAMES).len(), SURNAMES.chars().count(), "surnames are distinct");
    }
}
