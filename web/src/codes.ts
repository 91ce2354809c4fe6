// Land-use codes and industry codes offered while typing. Any other code may be typed too; the server decides.

type Code = readonly [code: string, zh: string, en: string];

/** The classification systems a planned use can be given in. */
export const SYSTEMS = ['GB/T 21010-2017', 'LUSC-2023', 'GB 50137-2011'] as const;

/** Names of the systems as offices call them. */
export const SYSTEM_NAMES: Record<(typeof SYSTEMS)[number], readonly [zh: string, en: string]> = {
  'GB/T 21010-2017': ['GB/T 21010-2017', 'GB/T 21010-2017'],
  'LUSC-2023': ['用地用海分类 2023', 'LUSC 2023'],
  'GB 50137-2011': ['GB 50137-2011', 'GB 50137-2011'],
};

export const LAND_USE: Record<(typeof SYSTEMS)[number], readonly Code[]> = {
  'GB/T 21010-2017': [
    ['0701', '城镇住宅用地', 'urban housing'],
    ['0702', '农村宅基地', 'rural homestead'],
    ['0801', '机关团体用地', 'government offices'],
    ['0802', '新闻出版用地', 'press and publishing'],
    ['0803', '教育用地', 'education'],
    ['0804', '科研用地', 'research'],
    ['0805', '医疗卫生用地', 'health care'],
    ['0806', '社会福利用地', 'social welfare'],
    ['0807', '文化设施用地', 'culture'],
    ['0808', '体育用地', 'sports'],
    ['0809', '公用设施用地', 'utilities'],
    ['0810', '公园与绿地', 'parks and green space'],
    ['05', '商服用地', 'commerce and services'],
    ['0601', '工业用地', 'industry'],
    ['0602', '采矿用地', 'mining'],
    ['0603', '盐田', 'salt pans'],
    ['0604', '仓储用地', 'storage'],
    ['0101', '水田', 'paddy'],
    ['0102', '水浇地', 'irrigated land'],
    ['0103', '旱地', 'upland'],
    ['02', '园地', 'orchards'],
    ['03', '林地', 'forest'],
    ['04', '草地', 'grassland'],
    ['09', '特殊用地', 'special use'],
    ['10', '交通运输用地', 'transport'],
    ['11', '水域及水利设施用地', 'water and water works'],
    ['12', '其他土地', 'other land'],
  ],
  'LUSC-2023': [
    ['0701', '城镇住宅用地', 'urban housing'],
    ['0702', '城镇社区服务设施用地', 'urban community services'],
    ['0703', '农村宅基地', 'rural homestead'],
    ['0704', '农村社区服务设施用地', 'rural community services'],
    ['0801', '机关团体用地', 'government offices'],
    ['0802', '科研用地', 'research'],
    ['0803', '文化用地', 'culture'],
    ['080401', '高等教育用地', 'higher education'],
    ['080402', '中等职业教育用地', 'vocational schools'],
    ['080403', '中小学用地', 'schools'],
    ['080404', '幼儿园用地', 'kindergartens'],
    ['0805', '体育用地', 'sports'],
    ['0806', '医疗卫生用地', 'health care'],
    ['0807', '社会福利用地', 'social welfare'],
    ['09', '商业服务业用地', 'commerce and services'],
    ['100101', '一类工业用地', 'industry, class 1'],
    ['100102', '二类工业用地', 'industry, class 2'],
    ['100103', '三类工业用地', 'industry, class 3'],
    ['1002', '采矿用地', 'mining'],
    ['1003', '盐田', 'salt pans'],
    ['11', '仓储用地', 'storage'],
    ['12', '交通运输用地', 'transport'],
    ['13', '公用设施用地', 'utilities'],
    ['1401', '公园绿地', 'parks'],
    ['14', '绿地与开敞空间用地', 'green and open space'],
    ['15', '特殊用地', 'special use'],
    ['16', '留白用地', 'reserved'],
    ['01', '耕地', 'cropland'],
    ['02', '园地', 'orchards'],
    ['03', '林地', 'forest'],
    ['04', '草地', 'grassland'],
  ],
  'GB 50137-2011': [
    ['R', '居住用地', 'housing'],
    ['A33', '中小学用地', 'schools'],
    ['A5', '医疗卫生用地', 'health care'],
    ['A6', '社会福利用地', 'social welfare'],
    ['A', '公共管理与公共服务用地', 'public administration and services'],
    ['B', '商业服务业设施用地', 'commerce and services'],
    ['M', '工业用地', 'industry'],
    ['W', '物流仓储用地', 'logistics and storage'],
    ['S', '道路与交通设施用地', 'roads and transport'],
    ['U', '公用设施用地', 'utilities'],
    ['G1', '公园绿地', 'parks'],
    ['G', '绿地与广场用地', 'green space and squares'],
  ],
};

/** Industries of the key list, GB/T 4754-2017. */
export const INDUSTRIES: readonly Code[] = [
  ['0711', '陆地石油开采', 'onshore oil extraction'],
  ['091', '常用有色金属矿采选', 'mining of common non-ferrous metals'],
  ['092', '贵金属矿采选', 'mining of precious metals'],
  ['093', '稀有稀土金属矿采选', 'mining of rare metals'],
  ['1910', '皮革鞣制加工', 'leather tanning'],
  ['1931', '毛皮鞣制加工', 'fur tanning'],
  ['2511', '原油加工及石油制品制造', 'oil refining'],
  ['2521', '炼焦', 'coking'],
  ['2614', '有机化学原料制造', 'organic chemicals'],
  ['2631', '化学农药制造', 'pesticides'],
  ['2651', '初级形态塑料及合成树脂制造', 'plastics and resins'],
  ['2661', '化学试剂和助剂制造', 'reagents and additives'],
  ['2710', '化学药品原料药制造', 'pharmaceutical ingredients'],
  ['3211', '铜冶炼', 'copper smelting'],
  ['3212', '铅锌冶炼', 'lead and zinc smelting'],
  ['3213', '镍钴冶炼', 'nickel and cobalt smelting'],
  ['3215', '锑冶炼', 'antimony smelting'],
  ['3216', '铝冶炼', 'aluminium smelting'],
  ['3360', '金属表面处理及热处理加工（电镀）', 'metal surface treatment (plating)'],
  ['3843', '铅蓄电池制造', 'lead batteries'],
  ['4210', '金属废料和碎屑加工处理', 'metal scrap processing'],
  ['7724', '危险废物治理', 'hazardous waste treatment'],
];

export const OPERATIONS = [
  'requisition', 'reclaim', 'acquire', 'transfer', 'change_use', 'planning_conditions', 'supply',
  'construction_permit', 'eia', 'registration', 'reclamation_to_farmland', 'farmland_conversion',
] as const;

export const SURVEY_STATES = [
  'none', 'running', 'reviewed_within_screening', 'reviewed_above_screening',
  'risk_acceptable', 'action_required', 'effect_met', 'effect_not_met',
] as const;

/** The numbers of the stages in the procedure, by stage, and by stage and mode. */
export const STAGE_CODES: Readonly<Record<string, string>> = {
  candidate: 'C0', suspected: 'C1', preliminary_survey: 'C2', preliminary_review: 'C3', not_contaminated: 'C4', contaminated: 'C5',
  detailed_survey: 'C6', risk_assessment: 'C7', risk_acceptable: 'C8', listed: 'C9', risk_control: 'C10',
  'risk_control/containment': 'C10a', 'risk_control/safe_use': 'C10b', remediation: 'C11', effect_evaluation: 'C12', delisted: 'C13', aftercare: 'C14',
};
